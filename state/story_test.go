package state

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the stories' answers; commit the rewrite only if you understand the difference")

// TestStories plays every testdata/*.txt: a configuration and a list of
// events above the line, what the core made of each of them below.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, want, _ := strings.Cut(string(raw), "----\n")
			got := play(t, script)
			if *update {
				if err := os.WriteFile(file, []byte(script+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("the story goes differently now (-update rewrites it)\n--- want\n%s--- got\n%s", want, got)
			}
		})
	}
}

// story is one script being played.
type story struct {
	t   *testing.T
	s   State
	now time.Time
	out strings.Builder

	starts map[string]time.Time // of the containers' present runs
}

func play(t *testing.T, script string) string {
	st := &story{t: t, now: time.Unix(1000, 0).UTC(), starts: map[string]time.Time{}}
	cfg := Config{Policy: Policy{StableAfter: 10 * time.Second, Settle: 300 * time.Millisecond}}
	built := false
	for line := range strings.Lines(script) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if !built && st.configure(&cfg, f) {
			continue
		}
		if !built {
			st.s, built = New(cfg), true
		}
		if f[0] == "wait" {
			st.now = st.now.Add(st.duration(f[1]))
			continue
		}
		st.step(strings.Join(f, " "), st.event(f))
	}
	return st.out.String()
}

func (st *story) configure(cfg *Config, f []string) bool {
	kv := pairs(f[1:])
	switch f[0] {
	case "child":
		cfg.Children = append(cfg.Children, ChildConfig{
			Name: f[1], Hash: "h", Networks: list(kv["nets"]), After: dependencies(kv["after"]), BoundTo: bonds(kv["bound"]),
			SharesParent: kv["shares"] == "parent", OneShot: kv["oneshot"] != "", Hooks: kv["hooks"] != "", Probed: kv["probed"] != "",
			Restart: restartNames[kv["restart"]], MaxAttempts: st.int(kv["max"]),
			StopSignal: 15, Grace: 10 * time.Second, FinalGrace: 8 * time.Second,
		})
	case "network":
		cfg.Networks = append(cfg.Networks, NetworkConfig{Name: f[1], External: len(f) > 2 && f[2] == "external"})
	case "policy":
		p := &cfg.Policy
		for k, v := range kv {
			switch k {
			case "restart":
				p.Restart = restartNames[v]
			case "unhealthy":
				p.OnUnhealthy = map[string]OnUnhealthy{"recreate": UnhealthyRecreate, "ignore": UnhealthyIgnore, "exit": UnhealthyExit}[v]
			case "after":
				p.UnhealthyAfter = st.duration(v)
			case "max":
				p.MaxAttempts = st.int(v)
			case "window":
				p.Window = st.duration(v)
			default:
				st.t.Fatalf("policy %q", k)
			}
		}
	case "follow":
		cfg.FollowParent = true
		cfg.ExitWithParent = len(f) > 1 && f[1] == "exit"
	default:
		return false
	}
	return true
}

// step plays one event and writes down what came of it.
func (st *story) step(line string, ev Event) {
	next, effects := Step(st.s, ev)
	again, _ := Step(st.s, ev)
	if fmt.Sprintf("%+v", next) != fmt.Sprintf("%+v", again) {
		st.t.Errorf("%s: the same step gave two answers", line)
	}
	fmt.Fprintln(&st.out, line)
	for _, l := range Changes(st.s, next) {
		fmt.Fprintf(&st.out, "    %s\n", l)
	}
	for _, e := range effects {
		fmt.Fprintf(&st.out, "    -> %s\n", e)
	}
	st.s = next
}

// int reads a number; "" is 0.
func (st *story) int(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		st.t.Fatal(err)
	}
	return n
}

func (st *story) duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		st.t.Fatal(err)
	}
	return d
}

func pairs(words []string) map[string]string {
	m := map[string]string{}
	for _, w := range words {
		if k, v, ok := strings.Cut(w, "="); ok {
			m[k] = v
		}
	}
	return m
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
