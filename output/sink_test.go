package output

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// reader is somebody who reads one of foster's outputs: at will, slowly, or no more.
type reader struct {
	mu    sync.Mutex
	text  bytes.Buffer
	stuck chan struct{} // while it is open and not nil, nothing is taken
	err   error
	slow  time.Duration // for each write
}

func (r *reader) Write(p []byte) (int, error) {
	r.mu.Lock()
	stuck, err, slow := r.stuck, r.err, r.slow
	r.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	if slow > 0 {
		time.Sleep(slow)
	}
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *reader) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *reader) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

// say writes as a child does, and lets others speak.
func say(t *testing.T, m *mouth, src Source, text string) {
	t.Helper()
	if _, err := m.write(t.Context(), src, []byte(text)); err != nil {
		t.Fatal(err)
	}
	m.pause()
}

// TestOwnLinesWaitForNobody: a reader that takes nothing holds up no log line;
// what has no room is counted, and told once there is room.
func TestOwnLinesWaitForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{stuck: make(chan struct{})}
		s := NewSink(out, &reader{})
		lost := 0
		s.OnLoss(func(lines int) { lost += lines })
		line := strings.Repeat("x", 99) + "\n"
		const lines = 40000 // 4 MB
		began := time.Now()
		for range lines {
			if n, err := s.Log().Write([]byte(line)); n != len(line) || err != nil {
				t.Fatal(n, err)
			}
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("the log waited for %s", took)
		}
		synctest.Wait()
		close(out.stuck)
		s.Close(time.Minute)
		got := strings.Count(out.String(), line)
		if got+lost != lines || lost == 0 || len(out.String()) != got*len(line) {
			t.Errorf("%d lines came, %d were lost, of %d", got, lost, lines)
		}
		if kept := got * len(line); kept < ownKept-len(line) || kept > ownKept+3*chunk {
			t.Errorf("%d bytes were kept", kept)
		}
	})
}

// TestCloseIsBounded: nobody reads, and the end comes all the same.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{stuck: make(chan struct{})}
		s := NewSink(out, &reader{})
		_, _ = s.Log().Write([]byte("hello\n"))
		synctest.Wait()
		began := time.Now()
		s.Close(time.Second)
		if took := time.Since(began); took != time.Second {
			t.Errorf("the end took %s", took)
		}
		close(out.stuck) // so that the goroutine ends, as the process would
	})
}

// TestDeadReader: a pipe without a reader is told on stderr, once, and holds up nothing.
func TestDeadReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, errs := &reader{err: syscall.EPIPE}, &reader{}
		s := NewSink(out, errs)
		m := newMouth(s, nil)
		for range 100 {
			say(t, m, Stdout, strings.Repeat("x", chunk)+"\n")
		}
		say(t, m, Stderr, "still here\n")
		synctest.Wait()
		out.change(func() { out.err = nil }) // as a disk may have room again
		say(t, m, Stdout, "back\n")
		s.Close(time.Minute)
		if got, want := lines(errs.String()), []string{"foster: its output is lost from here on: broken pipe", "still here"}; !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("stderr: %q", got)
		}
		if out.String() != "back\n" {
			t.Errorf("stdout: %q", out.String())
		}
	})
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

func sorted(all []string) []string { return slices.Sorted(slices.Values(all)) }

// TestLinesStayWhole: a long line that comes in pieces is broken into by nobody,
// neither another child nor the log, nor is it held up by another output.
func TestLinesStayWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, errs := &reader{}, &reader{}
		s := NewSink(out, errs)
		a, b := newMouth(s, []byte("a | ")), newMouth(s, []byte("b | "))
		say(t, a, Stdout, "one ")
		var others sync.WaitGroup
		others.Go(func() { say(t, b, Stdout, "two\n") })
		_, _ = s.Log().Write([]byte("log\n"))
		say(t, a, Stderr, "aside\n")
		for range 5 {
			time.Sleep(lineStill - time.Millisecond)
			say(t, a, Stdout, "more ")
		}
		say(t, a, Stdout, "end\nnext\n")
		others.Wait()
		s.Close(time.Minute)
		if want := "a | one more more more more more end\na | next\n"; !strings.HasPrefix(out.String(), want) {
			t.Errorf("stdout: %q", out.String())
		}
		if got := sorted(lines(out.String())[2:]); !slices.Equal(got, []string{"b | two", "log"}) {
			t.Errorf("stdout: %q", out.String())
		}
		if errs.String() != "a | aside\n" {
			t.Errorf("stderr: %q", errs.String())
		}
	})
}

// TestLineThatDoesNotEnd: it holds up others for a second, and what still comes
// of it is a line of its own.
func TestLineThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{}
		s := NewSink(out, &reader{})
		a, b := newMouth(s, []byte("a | ")), newMouth(s, []byte("b | "))
		say(t, a, Stdout, "never ")
		began := time.Now()
		say(t, b, Stdout, "two\n")
		if took := time.Since(began); took != lineStill {
			t.Errorf("it took %s", took)
		}
		say(t, a, Stdout, "ending\n")
		s.Close(time.Minute)
		if want := "a | never \nb | two\na | ending\n"; out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	})
}

// TestLineThatGrowsForEver: the same for one that does not stand still, after a
// longer time; a reader who is stuck in the middle of it does not count.
func TestLineThatGrowsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{}
		s := NewSink(out, &reader{})
		a, b := newMouth(s, []byte("a | ")), newMouth(s, []byte("b | "))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for ctx.Err() == nil {
				say(t, a, Stdout, "x")
				time.Sleep(lineStill / 10)
			}
		}()
		time.Sleep(2 * lineWhole) // nobody waits
		began := time.Now()
		say(t, b, Stdout, "two\n")
		if took := time.Since(began); took < lineWhole || took > lineWhole+lineStill {
			t.Errorf("it took %s", took)
		}
		time.Sleep(lineStill / 2)
		cancel()
		<-ended
		s.Close(time.Minute)
		if got := lines(out.String()); len(got) != 3 || got[1] != "b | two" || strings.Trim(got[0], "x") != "a | " || strings.Trim(got[2], "x") != "a | " {
			t.Errorf("got %q", out.String())
		}
	})
}

// TestCalledOff: who waits for a place can be called off, and knows how much has gone.
func TestCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &reader{stuck: make(chan struct{})}
		s := NewSink(out, &reader{})
		m := newMouth(s, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		text := []byte(strings.Repeat("0123456789\n", 100000))
		n, err := m.write(ctx, Stdout, text)
		if !errors.Is(err, context.DeadlineExceeded) || n != 2*chunk {
			t.Errorf("%d bytes, %v", n, err)
		}
		m.pause()
		close(out.stuck)
		synctest.Wait()
		if _, err := m.write(t.Context(), Stdout, text[n:]); err != nil {
			t.Fatal(err)
		}
		m.pause()
		s.Close(time.Minute)
		if out.String() != string(text) {
			t.Errorf("%d bytes came", len(out.String()))
		}
	})
}

// TestPrefixCalledOff: a prefix that had no room whole before its child was called
// off is not in the middle of another's line, and is whole when that one goes on.
func TestPrefixCalledOff(t *testing.T) {
	for _, goesOn := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			out := &reader{stuck: make(chan struct{})}
			s := NewSink(out, &reader{})
			first, second := newMouth(s, []byte("first  | ")), newMouth(s, []byte("second | "))
			fill := strings.Repeat("x", chunk-1) + "\n"
			say(t, newMouth(s, nil), Stdout, fill) // is being written
			synctest.Wait()
			say(t, newMouth(s, nil), Stdout, fill[4:]) // leaves room for four
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := first.write(ctx, Stdout, []byte("one\n")); err == nil {
				t.Fatal("there was room")
			}
			first.pause()
			close(out.stuck)
			synctest.Wait()
			want := fill + fill[4:] + "firs\nsecond | two\n"
			if goesOn {
				say(t, first, Stdout, "one\n")
				want = fill + fill[4:] + "first  | one\nsecond | two\n"
			}
			say(t, second, Stdout, "two\n")
			s.Close(time.Minute)
			if got := out.String(); got != want {
				t.Errorf("%t: got %q, want %q", goesOn, got[len(fill):], want[len(fill):])
			}
		})
	}
}

func TestPrefixes(t *testing.T) {
	children := []Child{{"web", "p-web-1"}, {"db", "p-db-1"}, {"vpn", "a-tunnel"}}
	var got []string
	for _, p := range prefixes("p", children, false) {
		got = append(got, string(p))
	}
	if want := []string{"web-1     | ", "db-1      | ", "a-tunnel  | "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if alone := prefixes("p", children[:1], true); len(alone[0]) > 0 {
		t.Errorf("the only child has the prefix %q", alone[0])
	}
	if colored := string(prefixes("p", children[:2], true)[1]); colored != fmt.Sprintf("\x1b[33m%s\x1b[0m", "db-1   | ") {
		t.Errorf("got %q", colored)
	}
}
