package relay

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"foster/test/lab"
)

// subscribe opens the event stream by hand, so that the test sees each line.
func subscribe(t *testing.T, r *Relay, since string) *bufio.Reader {
	t.Helper()
	dialer := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", r.socket())
	}}}
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/v1.41/events?since="+since, nil)
	if err != nil {
		t.Fatal(err)
	}
	was := r.Streams()
	resp, err := dialer.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lab.Eventually(t, patience, "the stream", func() error {
		if r.Streams() != was+1 {
			return errors.New("not open")
		}
		return nil
	})
	return bufio.NewReader(resp.Body)
}

func next(t *testing.T, b *bufio.Reader) (action string, nano int64) {
	t.Helper()
	line, err := b.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var e Event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return string(e.Action), e.TimeNano
}

func eventLine(action string, t time.Time) string {
	return fmt.Sprintf(`{"Type":"container","Action":%q,"Actor":{"ID":"c1"},"time":%d,"timeNano":%d}`, action, t.Unix(), t.UnixNano())
}

func TestStream(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	passed := make(chan Event, 9)
	r.OnEvent(func(x Event) { passed <- x })
	b := subscribe(t, r, "0")
	for i, action := range []string{"start", "die"} {
		e.events <- eventLine(action, time.Now())
		if got, _ := next(t, b); got != action {
			t.Errorf("event %q, want %q", got, action)
		}
		if x := <-passed; string(x.Action) != action || x.Index != i || x.Request != 0 {
			t.Errorf("told of %+v", x)
		}
	}
	if n := r.RepeatEvents(9); n != 2 {
		t.Errorf("%d events are repeated", n)
	}
	for _, action := range []string{"start", "die"} {
		if got, _ := next(t, b); got != action {
			t.Errorf("again %q, want %q", got, action)
		}
	}
	if n := r.InjectEvents([]byte(eventLine("pause", time.Now()) + "\n")); n != 1 {
		t.Errorf("injected into %d streams", n)
	}
	if got, _ := next(t, b); got != "pause" {
		t.Errorf("injected came as %q", got)
	}
	if n := r.CutStreams(); n != 1 {
		t.Errorf("%d streams are cut", n)
	}
	if _, err := b.ReadByte(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cut came as %v", err)
	}
	e.awaitNoStream(t)
	// The engine's own end is a clean one.
	b = subscribe(t, r, "0")
	e.events <- ""
	if _, err := b.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the end came as %v", err)
	}
	if n := len(passed); n != 0 {
		t.Errorf("told of %d events that are not the engine's", n)
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	b := subscribe(t, r, "0")
	const perSecond = 5000
	f := r.Flood(perSecond)
	for i := range 1000 {
		line, err := b.ReadBytes('\n')
		if want := ForeignEvent(i, f.Begin, perSecond); err != nil || string(line) != string(want) {
			t.Fatalf("event %d is %q (%v), want %q", i, line, err, want)
		}
		var x Event
		if err := json.Unmarshal(line, &x); err != nil || len(x.Actor.ID) != 64 {
			t.Fatalf("event %d: %v in %q", i, err, line)
		}
	}
	took := time.Since(f.Begin)
	if took < 150*time.Millisecond {
		t.Errorf("1000 events came within %s", took)
	}
	// A reader that pauses holds the flood up as soon as there is no room left, and that is told.
	sent, since := int64(0), time.Now()
	lab.Eventually(t, patience, "the flood stands", func() error {
		if _, now := f.Sent(); now != sent {
			sent, since = now, time.Now()
		}
		if time.Since(since) < 100*time.Millisecond {
			return errors.New("it flows")
		}
		return nil
	})
	const pause = 300 * time.Millisecond
	time.Sleep(pause)
	if _, err := io.CopyN(io.Discard, b, sent); err != nil { // more than is there: the first 1000 have been read
		t.Fatal(err)
	}
	if behind, most := f.Behind(), time.Since(f.Begin); behind < pause || behind > most {
		t.Errorf("the reader paused for %s, and the flood was %s behind within %s", pause, behind, most)
	}
	// The rest is read, so that the flood can end.
	rest := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, b) // until the cut
		rest <- n
	}()
	events, bytes := f.Stop()
	r.CutStreams()
	if <-rest; events < 1000 || bytes < int64(events)*400 {
		t.Errorf("%d events of %d bytes were sent", events, bytes)
	}
	t.Logf("%d events of %d bytes, the first 1000 in %s", events, bytes, took)
}
