package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/rs/zerolog"

	"foster/state"
)

// sent is what a journal has taken.
type sent struct {
	message  string
	priority journal.Priority
	fields   map[string]string
}

// journalLog is a log whose journal answers as answer says, with what the
// journal took and what went to plain instead.
func journalLog(answer func() error) (log zerolog.Logger, taken *[]sent, plain *bytes.Buffer) {
	taken, plain = &[]sent{}, &bytes.Buffer{}
	send := func(message string, p journal.Priority, fields map[string]string) error {
		err := answer()
		if err == nil {
			*taken = append(*taken, sent{message, p, fields})
		}
		return err
	}
	log, _ = newLogger(plain, send, "journald", zerolog.DebugLevel)
	return log, taken, plain
}

func TestJournalFields(t *testing.T) {
	log, taken, plain := journalLog(func() error { return nil })
	log.Warn().Str(state.KeyChild, "web").Int(state.KeyExitCode, 137).Dur(state.KeyDown, 420*time.Millisecond).
		Str(state.KeyDetail, "two\nlines \"quoted\" ü").Strs("projects", []string{"a", "b"}).Err(errors.New("no route")).Msg("fault: it died")
	log.Log().Msg("no level")
	want := []sent{
		{"fault: it died", 4, map[string]string{
			"SYSLOG_IDENTIFIER": "foster", "FOSTER_CHILD": "web", "FOSTER_EXIT_CODE": "137", "FOSTER_DOWN": "420ms",
			"FOSTER_DETAIL": "two\nlines \"quoted\" ü", "FOSTER_PROJECTS": `["a","b"]`, "FOSTER_ERROR": "no route",
		}},
		{"no level", 6, map[string]string{"SYSLOG_IDENTIFIER": "foster"}},
	}
	for i, w := range want {
		if got := (*taken)[i]; got.message != w.message || got.priority != w.priority || !maps.Equal(got.fields, w.fields) {
			t.Errorf("the journal got %+v, want %+v", got, w)
		}
	}
	if plain.Len() > 0 {
		t.Errorf("on standard output too: %s", plain)
	}
}

func TestPriorities(t *testing.T) {
	log, taken, plain := journalLog(func() error { return syscall.ENOENT })
	log.Debug().Msg("d")
	log.Info().Msg("i")
	log.Warn().Msg("w")
	log.Error().Msg("e")
	var got []string
	for line := range strings.Lines(plain.String()) {
		got = append(got, line[:4])
	}
	if fmt.Sprint(got) != "[<7>{ <6>{ <4>{ <3>{]" || len(*taken) > 0 {
		t.Errorf("without a socket the lines begin with %q, and the journal took %d", got, len(*taken))
	}
	plain.Reset()
	alone, _ := newLogger(plain, nil, "journald", zerolog.WarnLevel)
	alone.Info().Msg("not shown")
	alone.Warn().Msg("w")
	if !strings.HasPrefix(plain.String(), "<4>{") {
		t.Errorf("without a journal it says %q", plain)
	}
}

// TestJournalLosesNothing: a socket that goes, comes back and goes again.
func TestJournalLosesNothing(t *testing.T) {
	var answer error
	log, taken, plain := journalLog(func() error { return answer })
	log.Info().Msg("one")
	answer = syscall.ECONNREFUSED
	log.Info().Msg("two")
	log.Error().Msg("three")
	answer = nil
	log.Info().Msg("four")
	answer = syscall.ENOENT
	log.Info().Msg("five")
	answer = nil
	log.Info().Msg("six")

	var inJournal []string
	for _, s := range *taken {
		inJournal = append(inJournal, s.message+s.fields["FOSTER_LINES"])
	}
	note := "the journal takes lines again: those it did not take went to standard output"
	if want := []string{"one", "four", note + "2", "six", note + "1"}; fmt.Sprint(inJournal) != fmt.Sprint(want) {
		t.Errorf("the journal has %q, want %q", inJournal, want)
	}
	lines := strings.Split(strings.TrimSuffix(plain.String(), "\n"), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[0], `"message":"two"}`) || !strings.HasPrefix(lines[1], "<3>{") || !strings.HasSuffix(lines[2], `"message":"five"}`) {
		t.Errorf("standard output has %d lines: %.400q", len(lines), lines)
	}
}

// TestJournalIsToldOfAllLines: how many lines it missed is not forgotten when
// it does not take that either, and not told twice when it takes it late.
func TestJournalIsToldOfAllLines(t *testing.T) {
	const again = "the journal takes lines again: those it did not take went to standard output"
	for name, late := range map[string]bool{"refused": false, "late": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []string
				gone, free := true, make(chan struct{})
				log, _ := newLogger(&bytes.Buffer{}, func(message string, _ journal.Priority, fields map[string]string) error {
					switch first := message == again && len(told) == 1; {
					case gone, first && !late:
						if first {
							told = append(told, "refused")
						}
						return syscall.ECONNREFUSED
					case first:
						<-free
					}
					told = append(told, message[:1]+fields["FOSTER_LINES"])
					return nil
				}, "journald", zerolog.DebugLevel)
				log.Info().Msg("1")
				log.Info().Msg("2")
				gone = false
				log.Info().Msg("3") // and what it missed, which it does not take
				if late {
					log.Info().Msg("4")
					close(free)
					synctest.Wait()
				}
				log.Info().Msg("5")
				log.Info().Msg("6")
				want := "[3 refused 5 t2 6]"
				if late {
					want = "[3 t2 5 t1 6]"
				}
				if fmt.Sprint(told) != want {
					t.Errorf("the journal has %v, want %s", told, want)
				}
			})
		})
	}
}

// TestSlowJournal: one line waits for it, a moment; the next do not, until it
// takes what it was given.
func TestSlowJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		log, taken, plain := journalLog(func() error { <-free; return nil })
		began := time.Now()
		for i := range 100 {
			log.Info().Msg(fmt.Sprint(i))
		}
		if took := time.Since(began); took != journalPatience {
			t.Errorf("100 lines took %s", took)
		}
		if n := strings.Count(plain.String(), "\n"); n != 100 {
			t.Errorf("%d of 100 lines are on standard output", n)
		}
		close(free)
		synctest.Wait()
		log.Info().Msg("100")
		var got []string
		for _, s := range *taken {
			got = append(got, s.message[:1]+s.fields["FOSTER_LINES"])
		}
		if fmt.Sprint(got) != "[0 1 t100]" {
			t.Errorf("the journal has %q", got)
		}
	})
}

// TestJournalEnd: the end waits for a line that is on its way, and not for ever.
func TestJournalEnd(t *testing.T) {
	for name, x := range map[string]struct{ takes, waits time.Duration }{
		"at once": {0, 0}, "late": {journalPatience + 20*time.Millisecond, 20 * time.Millisecond}, "too late": {time.Hour, journalPatience},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var taken atomic.Int64
				log, end := newLogger(&bytes.Buffer{}, func(string, journal.Priority, map[string]string) error {
					time.Sleep(x.takes)
					taken.Add(1)
					return nil
				}, "journald", zerolog.DebugLevel)
				log.Info().Msg("the last words")
				began := time.Now()
				end()
				if took := time.Since(began); took != x.waits || taken.Load() != 1 && x.takes < time.Hour {
					t.Errorf("the end took %s, the journal %d lines", took, taken.Load())
				}
				time.Sleep(x.takes)
			})
		})
	}
}

// TestJournalIsForWhatStays: a command that somebody typed says what it has to
// say to them.
func TestJournalIsForWhatStays(t *testing.T) {
	for _, command := range []string{"config", "check", "run"} {
		var stdout, stderr bytes.Buffer
		entries := 0
		err := execute(t.Context(), outside{
			args: []string{command}, environ: []string{"LAUNCH_IMAGE=x", "LAUNCH_HOST_NETWORK=true", "LAUNCH_NETWORKS=back", "FOSTER_LOG_FORMAT=journald", "FOSTER_ENGINE_TIMEOUT=0s", "DOCKER_HOST=unix:///no/such.sock"},
			stdout: &stdout, stderr: &stderr, procMountinfo: os.DevNull, signals: func() <-chan os.Signal { return nil },
			journal: func(string, journal.Priority, map[string]string) error { entries++; return nil },
		})
		if (entries > 0) != (command == "run") {
			t.Errorf("foster %s: %v, %d entries in the journal\n%s%s", command, err, entries, stdout.String(), stderr.String())
		}
	}
}
