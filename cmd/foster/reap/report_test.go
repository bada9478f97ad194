package reap

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		parent := w.foster("dead")
		w.child("p", "app", parent, nil, w.network("p", "front"))
		w.must(w.Kill(parent))
		w.child("q", "app", "", nil)
		w.child("r", "app", gone(7), nil, w.network("r", "front"))
		time.Sleep(3*time.Minute + time.Second)
		found, err := w.once(Config{DryRun: true})
		w.must(err)
		var out bytes.Buffer
		w.must(WriteTable(&out, found))
		lines := strings.Split(out.String(), "\n")
		for i, want := range []string{
			"KIND NAME PROJECT PARENT STATE PARENT GONE VERDICT REASON",
			"container p-app-1 p dead running 3 minutes ago orphan its parent has ended",
			"network p_front p - bridge 3 minutes ago orphan nothing that stays needs it",
			"volume " + found[2].Name[:12] + " p dead local 3 minutes ago orphan it goes with container p-app-1",
			"container q-app-1 q - running - kept " + whyUnseen,
			"container r-app-1 r 000000000000 running unknown orphan its parent is gone",
			"network r_front r - bridge unknown orphan nothing that stays needs it",
			"volume " + found[6].Name[:12] + " r 000000000000 local unknown orphan it goes with container r-app-1",
		} {
			if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
				t.Errorf("line %d is %q, want %q", i, got, want)
			}
		}
		if got := lines[len(lines)-2]; got != "6 orphans, 1 kept" {
			t.Errorf("it ends with %q", got)
		}

		out.Reset()
		w.must(WriteJSON(&out, found))
		var back []map[string]any
		w.must(json.Unmarshal(out.Bytes(), &back))
		if len(back) != 7 || back[0]["verdict"] != "orphan" || back[0]["project"] != "p" || back[0]["kind"] != "container" || back[0]["since"] == nil || back[4]["since"] != nil {
			t.Errorf("the JSON is\n%s", out.String())
		}

		found, err = w.once(Config{Projects: []string{"r"}})
		w.must(err)
		out.Reset()
		w.must(WriteTable(&out, found))
		if n := strings.Count(out.String(), "unknown"); n != 3 {
			t.Errorf("of what it has removed it says\n%s", out.String())
		}

		out.Reset()
		w.must(WriteJSON(&out, nil))
		w.must(WriteTable(&out, nil))
		if out.String() != "[]\nnothing here carries foster's labels\n" {
			t.Errorf("of nothing it says %q", out.String())
		}
	})
}

// TestProgressOnATerminal: one line that is written over, and gone at the end.
func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "20.10")
		w.child("p", "app", gone(1), nil)
		var said strings.Builder
		_, err := w.once(Config{Grace: 4 * time.Second, Progress: &said, Terminal: true})
		w.must(err)
		got := strings.Split(said.String(), "\r\033[K")
		if len(got) < 5 || got[1] != "[........................] waiting 4s for 1 orphan, which the next foster may take over" ||
			!strings.HasPrefix(got[3], "[############............] waiting 2s") || got[len(got)-1] != "" {
			t.Errorf("it said %q", got)
		}
	})
}
