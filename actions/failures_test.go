package actions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"foster/state"
	"foster/test/engine"
)

// told are the lines of a log as `level message`, with the attempt where there is one.
func told(t *testing.T, log *bytes.Buffer) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(log.String()) {
		var e struct {
			Level, Message string
			Attempt        int
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		text := e.Level + " " + e.Message
		if e.Attempt > 0 {
			text += fmt.Sprintf(" %d", e.Attempt)
		}
		out = append(out, text)
	}
	return out
}

func tells(t *testing.T, log *bytes.Buffer, want ...string) {
	t.Helper()
	if got := told(t, log); !slices.Equal(got, want) {
		t.Errorf("the log has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPullsOfASeries(t *testing.T) {
	onEngine(t, func(t *testing.T, e *engine.Engine) {
		r := run(t, e, project())
		prepare := state.Prepare{Op: 1, Child: "web"}
		for range 3 {
			check(t, r.done(t, prepare), state.Permanent, "", "")
		}
		e.Publish("app:1", engine.Image{})
		check(t, r.done(t, prepare), state.OK, "", "")
		e.RemoveImage("app:1")
		check(t, r.done(t, prepare), state.OK, "", "")
		r.end()
		tells(t, r.log, "info pulling", "debug pulling", "debug pulling", "debug pulling", "info pulled 3", "info pulling", "info pulled")
	})
}

func TestHooksOfASeries(t *testing.T) {
	withHooks(t, nil, func(h hooked) {
		again := func(code int) {
			if err := h.engine.Start(h.id); err != nil {
				t.Fatal(err)
			}
			h.engine.BehaveExec("down one", engine.Command{Code: code})
			check(t, h.done(t, h.stop(10*time.Second)), state.OK, h.id, "")
		}
		for _, code := range []int{1, 1, 0, 1} {
			again(code)
		}
		h.end()
		const failed = "a hook failed; the container is stopped all the same"
		tells(t, h.log, "warn "+failed, "debug "+failed, "debug a hook has ended", "info the hook works again 2", "debug a hook has ended", "warn "+failed)
	})
}

// TestPausesOfASeries: the first is told, and none before a look: what it waits
// for was told.
func TestPausesOfASeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, &stub{t: t}, project())
		for _, eff := range []state.SetTimer{
			{Timer: state.Timer{Kind: state.RetryTimer, Child: "web"}, Attempt: 1},
			{Timer: state.Timer{Kind: state.RetryTimer, Child: "web"}, Attempt: 2},
			{Timer: state.Timer{Kind: state.LookTimer, Child: "web"}, Attempt: 1},
			{Timer: state.Timer{Kind: state.AttachTimer, Child: "web", Network: "front"}, Attempt: 1},
			{Timer: state.Timer{Kind: state.VolumeTimer, Network: "v1"}, Attempt: 1},
			{Timer: state.Timer{Kind: state.StableTimer, Child: "web"}, Delay: time.Second},
		} {
			r.in <- eff
		}
		synctest.Wait()
		r.end()
		const text = " waiting before the next try "
		tells(t, r.log, "info"+text+"1", "debug"+text+"2", "debug"+text+"1", "info"+text+"1", "info"+text+"1")
		if log := r.log.String(); !strings.Contains(log, `"volume":"v1"`) || strings.Contains(log, `"net":"v1"`) {
			t.Errorf("a volume is told as a network: %s", log)
		}
	})
}

func TestFailures(t *testing.T) {
	var f failures
	var levels []zerolog.Level
	for _, what := range []string{"a", "a", "b", "a"} {
		levels = append(levels, f.level(what))
	}
	if want := []zerolog.Level{zerolog.WarnLevel, zerolog.DebugLevel, zerolog.WarnLevel, zerolog.DebugLevel}; !slices.Equal(levels, want) {
		t.Errorf("levels %v, want %v", levels, want)
	}
	if n := f.over("a"); n != 3 || f.failing("a") || !f.failing("b") || f.over("a") != 0 {
		t.Errorf("a failed %d times; a is failing: %t, b is: %t", n, f.failing("a"), f.failing("b"))
	}
	if f.level("a") != zerolog.WarnLevel {
		t.Error("a new series is not told")
	}
}
