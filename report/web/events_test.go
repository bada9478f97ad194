package web

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/report"
	"foster/state"
)

// TestEvents: the present at once, what is kept of the past, then what comes.
func TestEvents(t *testing.T) {
	within(t, Options{}, func(w *world) {
		w.step(died, fault) // 1: the stage, 2: the fault
		events := w.events(w.ask("GET", "/events", nil))
		first := take(events)
		if got := said(first); got != "retry, status one-0, entry one-1, entry one-2" || first[0].data != "1000" {
			t.Fatalf("the stream begins with %s", got)
		}
		var status report.Status
		if err := json.Unmarshal([]byte(first[1].data), &status); err != nil || status.Children[0].Phase != "dead" || status.History != nil {
			t.Errorf("the first status: %v, %+v", err, status)
		}
		var entry report.Entry
		if err := json.Unmarshal([]byte(first[3].data), &entry); err != nil || entry.Kind != "fault" || entry.Seq != 2 {
			t.Errorf("the last entry: %v, %+v", err, entry)
		}

		time.Sleep(time.Second)
		w.step(whole, state.Note{Kind: state.Recovered, Child: "web", Cause: "died", Down: time.Second})
		if got := said(take(events)); got != "status one-2, entry one-3" {
			t.Errorf("a recovery is told as %s", got)
		}
		time.Sleep(time.Second)
		w.step(func(s *state.State) { s.Children[0].Health = state.Healthy })
		if got := said(take(events)); got != "status one-3" {
			t.Errorf("a move without a note is told as %s", got)
		}
	})
}

// TestEventsResume: a reader that comes back gets what it missed, and everything
// when it comes back to another foster.
func TestEventsResume(t *testing.T) {
	within(t, Options{}, func(w *world) {
		w.step(died, fault, fault, fault) // 1: the stage, 2 to 4: the faults
		for last, want := range map[string]string{
			"one-3": "status one-3, entry one-4", "one-4": "status one-4", "one-0": "status one-0, entry one-1, entry one-2, entry one-3, entry one-4",
			"other-3": "status one-0, entry one-1", "one-99": "status one-0, entry one-1", "one-": "status one-0, entry one-1", "x": "status one-0, entry one-1",
		} {
			got := said(take(w.events(w.ask("GET", "/events", http.Header{"Last-Event-Id": {last}}))))
			if got = strings.TrimPrefix(got, "retry, "); !strings.HasPrefix(got, want) {
				t.Errorf("after %q: %s, want %s", last, got, want)
			}
		}
	})
}

// TestEventsPace: a storm of steps comes as five statuses a second, and every
// entry that is kept; in the calm after it the stream says that it is alive,
// longer than any request may take.
func TestEventsPace(t *testing.T) {
	within(t, Options{}, func(w *world) {
		resp := w.ask("GET", "/events", nil)
		events := w.events(resp)
		take(events)
		for range 200 { // two seconds
			time.Sleep(10 * time.Millisecond)
			w.step(died, fault)
		}
		time.Sleep(streamPause)
		counts := map[string]int{}
		for _, e := range take(events) {
			counts[e.kind]++
		}
		if counts["status"] < 9 || counts["status"] > 11 || counts["entry"] != 201 {
			t.Errorf("a storm of two seconds came as %v", counts)
		}
		time.Sleep(20*keepAlive + time.Second)
		calm := take(events)
		if want := strings.Repeat(", alive", 20)[2:]; said(calm) != want {
			t.Errorf("twenty pauses of calm came as %s, want %s", said(calm), want)
		}
		w.step(whole)
		if got := said(take(events)); got != "status one-201" {
			t.Errorf("after the calm comes %q", got)
		}
	})
}

// TestEventsOfTime: a verdict that changes because time has passed is told, no
// later than the next sign of life, and once.
func TestEventsOfTime(t *testing.T) {
	within(t, Options{}, func(w *world) {
		w.step(func(s *state.State) { s.Stage, s.StreamUp = state.Standby, true })
		w.step(func(s *state.State) { s.Stage, s.Children[0].Phase = state.Up, state.Preparing })
		handed := time.Now()
		events := w.events(w.ask("GET", "/events", nil))
		if first := take(events); !strings.Contains(first[1].data, `"state":"launching"`) {
			t.Fatalf("the first status is %s", first[1].data)
		}
		for v := w.board.Health(); v.Healthy; v = w.board.Health() {
			time.Sleep(time.Second)
		}
		alive := strings.Repeat("alive, ", int(time.Since(handed)/keepAlive)-1)
		time.Sleep(keepAlive)
		got := take(events)
		if last := got[len(got)-1]; said(got) != alive+"status one-2" || !strings.Contains(last.data, `"state":"starting"`) {
			t.Errorf("a launch that takes too long is told as %s, at last %s", said(got), last.data)
		}
		time.Sleep(keepAlive)
		if got := said(take(events)); got != "alive" {
			t.Errorf("after it comes %q", got)
		}
	})
}

// TestEventsSlowReader: who reads nothing is waited for by nobody, costs next
// to nothing, and is cut off; one that is slow misses entries, never the present.
func TestEventsSlowReader(t *testing.T) {
	within(t, Options{}, func(w *world) {
		var deaf []net.Conn
		for range maxStreams - 1 {
			conn := w.dial()
			if _, err := fmt.Fprint(conn, "GET /events HTTP/1.1\r\nHost: foster\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			deaf = append(deaf, conn)
		}
		slow := w.ask("GET", "/events", nil) // its header was read, nothing else
		storm := func(steps int) {
			for range steps {
				w.step(died, fault)
				w.step(whole)
			}
			synctest.Wait()
		}
		storm(1000) // the history is full, and every stream has something to write
		before := heap()
		began := time.Now()
		storm(10000)
		if took := time.Since(began); took != 0 {
			t.Errorf("the loop was held for %s by a reader", took) // by the bubble's clock
		}
		if grown := heap() - before; grown > 1<<20 {
			t.Errorf("%d bytes were kept for those who do not read", grown)
		}
		events := w.events(slow)
		got := take(events)
		time.Sleep(streamPause)
		got = append(got, take(events)...)
		last := got[len(got)-1]
		if entries := strings.Count(said(got), "entry"); last.id != "one-11001" || entries > 2*256 {
			t.Errorf("the slow one got %d entries, the last event is %s", entries, last.id)
		}
		time.Sleep(writeTimeout + time.Second)
		for _, conn := range deaf {
			if _, err := conn.Write([]byte("x")); err == nil {
				t.Fatal("a deaf one still has its connection")
			}
		}
	})
}

// heap is what is in use, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestEventsLimit: streams are counted, and those that end make room.
func TestEventsLimit(t *testing.T) {
	within(t, Options{}, func(w *world) {
		var open []*http.Response
		for range maxStreams {
			open = append(open, w.ask("GET", "/events", nil))
		}
		resp := w.ask("GET", "/events", nil)
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "5" {
			t.Errorf("one too many: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
		if resp := w.ask("GET", "/readyz", nil); !strings.HasPrefix(body(t, resp), "starting") {
			t.Error("nothing else is answered any more")
		}
		w.events(open[0])
		take(w.events(open[1]))
		time.Sleep(keepAlive + writeTimeout + time.Second) // those that do not read are cut off
		if resp := w.ask("GET", "/events", nil); resp.StatusCode != http.StatusOK {
			t.Errorf("there is no room for another: %d", resp.StatusCode)
		}
	})
}
