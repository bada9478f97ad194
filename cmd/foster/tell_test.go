package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"foster/state"
)

func TestNoteFields(t *testing.T) {
	var out bytes.Buffer
	l := &loop{log: zerolog.New(&out)}
	l.note(state.Note{Kind: state.Recovered, Child: "web", Cause: "died", Attempt: 2, Down: 420 * time.Millisecond})
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	want := map[string]any{"level": "info", "child": "web", "cause": "died", "attempt": 2.0}
	for k, v := range want {
		if line[k] != v {
			t.Errorf("%s is %v, want %v", k, line[k], v)
		}
	}
	if _, ok := line["exit_code"]; ok {
		t.Error("a recovery has no exit code")
	}
}

func TestLogFormats(t *testing.T) {
	var out bytes.Buffer
	log, _ := newLogger(&out, nil, "auto", zerolog.InfoLevel)
	log.Info().Msg("x")
	if !strings.HasPrefix(out.String(), "{") {
		t.Errorf("auto is not json where there is no terminal: %q", out.String())
	}
	out.Reset()
	log, _ = newLogger(&out, nil, "console", zerolog.InfoLevel)
	log.Debug().Msg("not shown")
	log.Info().Str(state.KeyChild, "web").Msg("y")
	if got := out.String(); strings.Contains(got, "not shown") || !strings.Contains(got, "INF y child=web") {
		t.Errorf("console without a terminal says %q", got)
	}
}
