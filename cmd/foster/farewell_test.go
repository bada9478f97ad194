package main

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"foster/state"
	"foster/test/engine"
)

// TestEngineGoneDuringTheStop: a stop ends when everything is away, or when
// whoever asked for it is about to kill; then what is left is told by name.
func TestEngineGoneDuringTheStop(t *testing.T) {
	for _, row := range []struct {
		name    string
		environ []string
		back    time.Duration // the engine is, 0: never
		code    int
		within  time.Duration // of the end, and no less than nine tenths of it
		warns   bool          // of what would be left
	}{
		{name: "grace told", environ: []string{"FOSTER_STOP_GRACE=20s"}, code: exitUnavailable, within: 20 * time.Second},
		{name: "grace guessed", code: exitUnavailable, within: engineGrace + stopTimeout + time.Second, warns: true},
		{name: "back in time", environ: []string{"FOSTER_STOP_GRACE=20s"}, back: 10 * time.Second, within: 19 * time.Second},
		{name: "back after a guessed grace", back: time.Minute, within: 3 * time.Minute, warns: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, "20.10", append(twoNetworks, row.environ...)...)
				time.Sleep(11 * time.Second)
				child := p.child()
				p.engine.Down(false)
				p.signals <- syscall.SIGTERM
				began := time.Now()
				if row.back > 0 {
					time.Sleep(row.back)
					p.engine.Up()
				}
				if code := p.exit(5 * time.Minute); code != row.code {
					t.Errorf("exit code %d, want %d", code, row.code)
				}
				if took := time.Since(began); took > row.within || row.code != 0 && took < row.within*9/10 {
					t.Errorf("it took %s, want %s", took, row.within)
				}
				log := p.out.String()
				if warned := strings.Contains(log, "the stop takes longer than the 10s"); warned != row.warns {
					t.Errorf("warned: %v\n%s", warned, log)
				}
				if row.code == 0 {
					p.nothingLeft()
					return
				}
				for _, want := range []string{
					`"message":"left behind: container p-web-1 (` + short(child.ID) + `)"`, `"message":"left behind: network p_back"`,
					`"message":"left behind: anonymous volume ` + child.Mounts[0].Name + `"`, "the next foster of project p collects that",
				} {
					if !strings.Contains(log, want) {
						t.Errorf("it does not say %s\n%s", want, log)
					}
				}
				if strings.Contains(log, "left behind: network front") {
					t.Errorf("an external network is nothing to leave\n%s", log)
				}
			})
		})
	}
}

// TestLongGrace: a stop may take as long as foster has for it.
func TestLongGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "20.10", append(twoNetworks, "LAUNCH_STOP_GRACE_PERIOD=1h", "FOSTER_STOP_GRACE=61m")...)
		time.Sleep(time.Second)
		p.engine.Behave("p-web-1", engine.Process{IgnoreTerm: true})
		if err := p.engine.Restart("p-web-1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Second)
		p.signals <- syscall.SIGTERM
		began := time.Now()
		if code := p.exit(2 * time.Hour); code != 0 || time.Since(began) < time.Hour {
			t.Errorf("exit code %d after %s\n%s", code, time.Since(began), p.out.String())
		}
		p.nothingLeft()
	})
}

// TestThirdSignalNames: who leaves at once says what it leaves all the same.
func TestThirdSignalNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "20.10", twoNetworks...)
		time.Sleep(11 * time.Second)
		p.engine.Down(false)
		for range 3 {
			p.signals <- syscall.SIGINT
			time.Sleep(time.Second)
		}
		if code := p.exit(time.Second); code != exitSignal+2 {
			t.Errorf("exit code %d", code)
		}
		if log := p.out.String(); !strings.Contains(log, "left behind: network p_back") || !strings.Contains(log, "a third signal came; left behind: container p-web-1") {
			t.Errorf("it does not say what it leaves\n%s", log)
		}
	})
}

// TestClocks: only a foster in a container of the engine takes the engine's
// silence for its end, and only as long as the silence lasts.
func TestClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closing := state.State{Stage: state.Closing}
		streaming := state.State{Stage: state.Closing, StreamUp: true}
		asked := state.StopRequested{Reason: "signal"}
		inside := farewell{grace: 10 * time.Second, inside: true}
		for _, row := range []struct {
			name    string
			how     farewell
			first   state.State
			event   state.Event
			refused bool
			then    *state.State
			leaves  bool
		}{
			{name: "outside", how: farewell{grace: 10 * time.Second}, first: closing, event: asked},
			{name: "nobody asked", how: inside, first: closing, event: state.Fired{}},
			{name: "up", how: inside, first: state.State{Stage: state.Up}, event: state.Fired{}},
			{name: "no stream", how: inside, first: closing, event: asked, leaves: true},
			{name: "no calls", how: inside, first: streaming, event: asked, refused: true, leaves: true},
			{name: "slow", how: inside, first: streaming, event: asked},
			{name: "back", how: inside, first: closing, event: asked, then: &streaming},
		} {
			c := clocks{farewell: row.how}
			c.set(row.first, row.event, row.refused)
			if row.then != nil {
				time.Sleep(desertedAfter - time.Second)
				c.set(*row.then, state.StreamBack{}, false)
			}
			left := false
			select {
			case <-of(c.leaving):
				left = true
			case <-time.After(2 * desertedAfter):
			}
			if left != row.leaves {
				t.Errorf("%s: leaves: %v", row.name, left)
			}
			c.stop()
		}
	})
}

func TestRemainders(t *testing.T) {
	s := state.State{
		Children: []state.Child{
			{Name: "web", ID: "0123456789abcdef", Phase: state.Stopping, Extra: []string{"fedcba9876543210"}, Volumes: []string{"v1"}},
			{Name: "db", Phase: state.Creating, Op: 7},
			{Name: "job", Phase: state.Ended},
		},
		Volumes: []state.Volume{{Name: "v2"}},
		Networks: []state.Network{
			{Name: "front", External: true, State: state.NetPresent},
			{Name: "p_back", State: state.NetRemoving},
			{Name: "p_gone", State: state.NetRemoved},
			{Name: "p_held", State: state.NetAbsent},
			{Name: "p_late", State: state.NetAbsent, Doubt: true},
		},
	}
	got := listed(remainders(s, map[string]string{"web": "p-web-1", "db": "p-db-1", "job": "p-job-1"}))
	want := "container p-web-1 (0123456789ab), another container of it (fedcba987654), anonymous volume v1, container p-db-1 (it may have been created), anonymous volume v2, network p_back, network p_late (it may have been created)"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
