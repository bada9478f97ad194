package state

import (
	"cmp"
	"strings"
	"time"
)

// event reads one line of a story.
func (st *story) event(f []string) Event {
	kv := pairs(f)
	arg := func(i int) string {
		if i >= len(f) {
			st.t.Fatalf("too few words: %v", f)
		}
		return f[i]
	}
	switch f[0] {
	case "stream-back":
		return StreamBack{}
	case "stream-lost":
		return StreamLost{}
	case "resync":
		return ResyncDue{}
	case "stop":
		return StopRequested{Reason: "signal terminated"}
	case "kill":
		return KillRequested{Reason: "second signal terminated", Code: 143}
	case "parent-died":
		return ParentDied{At: st.now}
	case "parent-started":
		return ParentStarted{At: st.now}
	case "died":
		return ChildDied{ID: arg(1), Code: st.int(kv["code"]), At: st.now}
	case "gone":
		return ChildGone{ID: arg(1), At: st.now}
	case "started":
		return ChildStarted{ID: arg(1), At: st.now}
	case "signalled":
		return ChildSignalled{ID: arg(1), Signal: st.int(arg(2))}
	case "oom":
		return ChildOOM{ID: arg(1)}
	case "paused", "unpaused":
		return ChildPaused{ID: arg(1), Paused: f[0] == "paused", At: st.now}
	case "renamed":
		return ChildRenamed{ID: arg(1), Name: arg(2)}
	case "healthy", "unhealthy":
		return ChildHealth{ID: arg(1), Healthy: f[0] == "healthy", Detail: kv["says"], At: st.now}
	case "net-lost":
		return NetLost{ID: arg(1), Network: arg(2), At: st.now}
	case "net-joined":
		return NetJoined{ID: arg(1), Network: arg(2), At: st.now}
	case "net-gone":
		return NetGone{Network: arg(1), At: st.now}
	case "net-back":
		return NetBack{Network: arg(1), ID: kv["id"], At: st.now}
	case "fired":
		return Fired{Timer: st.timer(arg(1)), At: st.now}
	case "owner-died":
		return OwnerDied{Name: arg(1), At: st.now.Add(-st.duration(cmp.Or(kv["ago"], "0s")))}
	case "owner-started":
		return OwnerStarted{Name: arg(1), At: st.now}
	case "owner-gone":
		return OwnerGone{Name: arg(1), At: st.now}
	case "freed":
		return Freed{At: st.now}
	case "elder-gone":
		return ElderGone{At: st.now}
	case "sees", "sees-old":
		return st.observed(f)
	case "look-failed":
		return st.lookFailed(kv["child"])
	case "done":
		return st.done(arg(1), arg(2), kv)
	}
	st.t.Fatalf("unknown command %q", f[0])
	return nil
}

// observed reads `sees [child=NAME] [web=ID,running|exited|created[,NET…][,code=N][,hash=H][,holder=X][,unhealthy][,restarted]]
// [net=NAME] [parent=down] [owner=NAME[,running][,new]] [elder=NAME]`. A container began its run a second before it was first seen.
func (st *story) observed(f []string) Event {
	ev := Observed{Op: st.s.Look, At: st.now, ParentUp: true}
	nets := map[string]bool{}
	for _, word := range f[1:] {
		k, v, _ := strings.Cut(word, "=")
		switch k {
		case "child":
			ev.Child = v
			ch, _ := st.s.Child(v)
			ev.Op = ch.Look
		case "net":
			nets[v] = true
		case "parent":
			ev.ParentUp = v != "down"
			if v == "new" {
				ev.ParentStart = st.now
			}
		case "elder":
			ev.Elder = v
		case "owner":
			ev.Owners = append(ev.Owners, st.ownerFacts(strings.Split(v, ",")))
		default:
			facts := ChildFacts{Name: k, Hash: "h"}
			for i, part := range strings.Split(v, ",") {
				pk, pv, has := strings.Cut(part, "=")
				switch {
				case i == 0:
					facts.ID = part
				case part == "running":
					facts.Status = Running
				case part == "exited":
					facts.Status = Exited
				case part == "created":
					facts.Status = Created
				case part == "unhealthy":
					facts.Health = Unhealthy
				case part == "unfinished":
					facts.Unfinished = true
				case part == "restarted":
					st.starts[facts.ID] = st.now
				case part == "healthy":
					facts.Health = Healthy
				case part == "starting":
					facts.Health = HealthStarting
				case has && pk == "code":
					facts.Code = st.int(pv)
				case has && pk == "says":
					facts.Probe = pv
				case has && pk == "hash":
					facts.Hash = pv
				case has && pk == "vol":
					facts.Volumes = append(facts.Volumes, pv)
				case has && pk == "holder":
					facts.Holder = pv
				default:
					facts.Attached = append(facts.Attached, part)
				}
			}
			facts.StartedAt = st.startOf(facts.ID)
			facts.Created = facts.StartedAt
			ev.Children = append(ev.Children, facts)
		}
	}
	if ev.Child == "" {
		for _, n := range st.s.Config.Networks {
			ev.Networks = append(ev.Networks, NetworkFacts{Name: n.Name, Present: nets[n.Name]})
		}
	}
	if f[0] == "sees-old" {
		ev.Op = 1 // answered before
	}
	if f[0] == "sees" && ev.Op == 0 {
		st.t.Fatalf("%v: no look is pending", f)
	}
	return ev
}

// startOf is the beginning of the present run of a container.
func (st *story) startOf(id string) time.Time {
	if st.starts[id].IsZero() {
		st.starts[id] = st.now.Add(-time.Second)
	}
	return st.starts[id]
}

func (st *story) ownerFacts(words []string) OwnerFacts {
	f := OwnerFacts{Name: words[0], Present: true, Created: time.Unix(1, 0), StartedAt: time.Unix(1, 0)}
	for _, w := range words[1:] {
		switch w {
		case "running":
			f.Running = true
		case "restarted":
			f.StartedAt = st.now
		case "new":
			f.Created, f.StartedAt = st.now, st.now
		default:
			st.t.Fatalf("owner %q", w)
		}
	}
	return f
}

func (st *story) lookFailed(child string) Event {
	op := st.s.Look
	if ch, ok := st.s.Child(child); ok {
		op = ch.Look
	}
	return ObserveFailed{Op: op, Child: child, Detail: "the engine does not answer"}
}

// done answers the pending op of `web`, `web/front` or `net:front`.
func (st *story) done(whom, class string, kv map[string]string) Event {
	d := Done{ID: kv["id"], Detail: kv["detail"], At: st.now, Class: Class(-1)}
	for i, n := range classNames {
		if n == class {
			d.Class = Class(i)
		}
	}
	if d.Class < 0 {
		st.t.Fatalf("unknown class %q", class)
	}
	if pause, ok := kv["pause"]; ok {
		d.Pause = st.duration(pause)
	}
	if vol, ok := strings.CutPrefix(whom, "vol:"); ok {
		for _, v := range st.s.Volumes {
			if v.Name == vol {
				d.Op = v.Op
			}
		}
	} else if net, ok := strings.CutPrefix(whom, "net:"); ok {
		d.Op = st.s.network(net).Op
	} else if child, ok := strings.CutPrefix(whom, "probe:"); ok {
		ch, _ := st.s.Child(child)
		d.Op = ch.Probing
	} else if child, net, ok := strings.Cut(whom, "/"); ok {
		ch, _ := st.s.Child(child)
		d.Op = ch.net(net).Op
	} else {
		ch, _ := st.s.Child(whom)
		d.Op = ch.Op
	}
	if d.Op == 0 {
		st.t.Fatalf("done %s: nothing is pending", whom)
	}
	return d
}

func (st *story) timer(s string) Timer {
	kind, rest, _ := strings.Cut(s, ":")
	for i, n := range timerNames {
		if n == kind {
			t := Timer{Kind: TimerKind(i)}
			t.Child, t.Network, _ = strings.Cut(rest, "/")
			if t.Kind == NetworkTimer || t.Kind == VolumeTimer {
				t.Child, t.Network = "", rest
			}
			return t
		}
	}
	st.t.Fatalf("unknown timer %q", s)
	return Timer{}
}
