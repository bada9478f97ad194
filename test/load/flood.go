package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
	"foster/test/relay"
)

// flood is the part with foreign events.
func (l *load) flood(ctx context.Context) (err error) {
	const project = "flood"
	r, err := relay.Start(l.node.Socket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := l.launch(project, r.Host(), "LAUNCH_NETWORKS=front")
	if err != nil {
		return err
	}
	defer f.kill()
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w; foster's log ends:\n%s", err, f.log())
		}
	}()
	if err := f.await(ctx, "launched", 1); err != nil {
		return err
	}
	if err := lab.Pause(ctx, settle); err != nil {
		return err
	}
	v := victim{load: l, foster: f, project: project, network: project + "_front"}

	// The same faults in silence, for what they cost by themselves.
	quiet, err := v.cost(func() error { return v.harm(ctx, 0) })
	if err != nil {
		return err
	}

	d, err := startDrain(l.self, r.Host())
	if err != nil {
		return err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, d.stop())
		}
	}()
	if err := await(ctx, "both streams", func() error {
		if n := r.Streams(); n != 2 {
			return fmt.Errorf("%d are open", n)
		}
		return nil
	}); err != nil {
		return err
	}
	drained, err := ran(d.cmd.Process.Pid)
	if err != nil {
		return err
	}
	flow := r.Flood(l.perSecond)
	loud, err := v.cost(func() error { return v.harm(ctx, l.during/time.Duration(l.faults)) })
	open := r.Streams()
	if err != nil {
		r.CutStreams() // the flood would wait for ever for a reader that hangs
	}
	foreign, size := flow.Stop()
	took := time.Since(flow.Begin)
	if err != nil {
		return err
	}
	after, err := ran(d.cmd.Process.Pid)
	if err != nil {
		return err
	}
	stopped = true
	if err := d.stop(); err != nil {
		return err
	}
	decoding, err := decode(flow, foreign)
	if err != nil {
		return err
	}
	if n := len(r.Requests(relay.Call("GET", "/events"))); n != 2 || open != 2 {
		return fmt.Errorf("the streams ended: %d subscriptions of two readers, %d were open to the end", n, open)
	}
	if least := float64(l.perSecond) * took.Seconds() / 2; float64(foreign) < least {
		return fmt.Errorf("that was no flood: %d foreign events in %s, it takes %.0f", foreign, took, least)
	}
	if err := v.once(); err != nil {
		return err
	}
	if err := errors.Join(f.stop(ctx), l.left(ctx, project)); err != nil {
		return err
	}
	share := func(d time.Duration) string {
		return fmt.Sprintf("%6.2f s, %5.1f µs for each event, %4.1f %% of a core", d.Seconds(), float64(d.Microseconds())/float64(foreign), 100*float64(d)/float64(took))
	}
	l.say("%d foreign events (%.0f per second, %.1f MB) in %s, %d faults in the middle of them: each recovered from once",
		foreign, float64(foreign)/took.Seconds(), float64(size)/1e6, took.Round(100*time.Millisecond), l.faults)
	l.say("  slowest recovery            %s, in silence %s", v.slowest[1].Round(time.Millisecond), v.slowest[0].Round(time.Millisecond))
	l.say("  longest delay of an event   %s", flow.Behind().Round(time.Millisecond))
	l.say("  foster, without recoveries  %s", share(loud-quiet))
	l.say("  foster, with them           %s", share(loud))
	l.say("  reading and decoding alone  %s", share(after-drained))
	l.say("  decoding alone, from memory %s", share(decoding))
	return nil
}

// victim is the child, and who looks after it.
type victim struct {
	*load
	foster           *process
	project, network string

	made    int // faults so far
	slowest []time.Duration
}

// cost is the processor time that foster uses meanwhile.
func (v *victim) cost(do func() error) (time.Duration, error) {
	before, err := ran(v.foster.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := ran(v.foster.cmd.Process.Pid)
	return after - before, err
}

// settle is how long the child runs undisturbed before each fault: longer than
// foster's stable time, so that no recovery begins with a pause between tries, and
// long enough for a second recovery from the same fault to be told.
const settle = 3 * stableAfter

// harm kills the child and cuts it off its network in turn, one fault in each
// stretch of time, and awaits each recovery.
func (v *victim) harm(ctx context.Context, stretch time.Duration) error {
	slowest, begin := time.Duration(0), time.Now()
	for i := range v.faults {
		c, err := v.child(ctx)
		if err != nil {
			return err
		}
		at := time.Now()
		if i%2 == 0 {
			err = v.api().ContainerKill(ctx, c, "KILL")
		} else {
			err = v.api().NetworkDisconnect(ctx, v.network, c, true)
		}
		if err != nil {
			return err
		}
		v.made++
		if err := v.foster.await(ctx, "recovered", v.made); err != nil {
			return fmt.Errorf("fault %d: %w", v.made, err)
		}
		slowest = max(slowest, v.foster.last("recovered").Sub(at))
		if err := lab.Pause(ctx, max(settle, time.Until(begin.Add(time.Duration(i+1)*stretch)))); err != nil {
			return err
		}
		if err := v.once(); err != nil {
			return err
		}
	}
	v.slowest = append(v.slowest, slowest)
	return nil
}

// once fails unless each fault so far was told once, and recovered from once.
func (v *victim) once() error {
	if told, recovered := v.foster.told("fault"), v.foster.told("recovered"); told != v.made || recovered != v.made {
		return fmt.Errorf("%d faults were made, %d are told and %d recovered from", v.made, told, recovered)
	}
	return nil
}

// child is the one container of the child; it runs, and is on its network.
func (v *victim) child(ctx context.Context) (string, error) {
	list, err := v.api().ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+v.project))})
	if err != nil {
		return "", err
	}
	if len(list) != 1 {
		return "", fmt.Errorf("%d containers of the child run", len(list))
	}
	c, err := v.api().ContainerInspect(ctx, list[0].ID)
	if err != nil {
		return "", err
	}
	if e := c.NetworkSettings.Networks[v.network]; e == nil || e.EndpointID == "" {
		return "", errors.New("the child is not on its network")
	}
	return c.ID, nil
}

// decode is the processor time of decoding the events of a flood once more, as
// they come out of memory.
func decode(flow *relay.Flood, n int) (time.Duration, error) {
	const batch = 5000
	var sum time.Duration
	for i := 0; i < n; i += batch {
		var text bytes.Buffer
		size := min(batch, n-i)
		for j := range size {
			text.Write(relay.ForeignEvent(i+j, flow.Begin, flow.PerSecond))
		}
		before, err := ranHere()
		if err != nil {
			return 0, err
		}
		lines := json.NewDecoder(&text)
		for range size {
			var m events.Message
			if err := lines.Decode(&m); err != nil {
				return 0, fmt.Errorf("decode a foreign event: %w", err)
			}
		}
		after, err := ranHere()
		if err != nil {
			return 0, err
		}
		sum += after - before
	}
	return sum, nil
}
