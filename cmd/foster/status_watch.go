package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"foster/cmd/foster/status"
	"foster/report"
	"foster/spec"
)

const (
	watchPoll  = 2 * time.Second // between two looks at an engine
	watchRetry = time.Second     // until a foster that is gone is asked again
	watchKept  = 256             // entries of a history
)

// follow shows what is, and then whatever changes, until a signal.
func (f *statusFlags) follow(ctx context.Context, out outside) error {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	signals := out.signals()
	go func() {
		defer close(watched)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() { cancel(); <-watched }()

	s := &screen{out: out, flags: f}
	if !f.all {
		asking, done := context.WithTimeout(ctx, healthTimeout)
		a, _, err := f.meant(asking, out)
		done()
		var wrong spec.Problems
		switch {
		case err == nil:
			return s.stream(ctx, a)
		case f.noEngine, errors.As(err, &wrong):
			return err
		}
	}
	for {
		found, err := f.look(ctx, out)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && s.drawn == nil:
			return err // it never was there
		case err != nil:
			s.say(err)
		default:
			s.show(found, time.Now())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchPoll):
		}
	}
}

// stream shows what one foster's /events tell. One that is gone is waited for.
func (s *screen) stream(ctx context.Context, a *asker) error {
	t := told{screen: s}
	if s.terminal() { // what is told grows older
		aged := make(chan struct{})
		defer func() { <-aged }()
		go func() {
			defer close(aged)
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					s.age()
				}
			}
		}()
	}
	for {
		err := a.events(ctx, t.last, t.take)
		if ctx.Err() != nil {
			return nil
		}
		s.say(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchRetry):
		}
	}
}

// told is what the streams of one foster have told so far.
type told struct {
	screen *screen
	last   string // the id of the last event
	now    report.Status
	at     time.Time // when now came
	moved  bool      // since the screen was drawn
}

// take takes one event. The screen shows it once there is no more to take; that
// the foster is alive changes nothing there.
func (t *told) take(kind, id string, data []byte, more bool) error {
	t.last = id
	switch kind {
	case "status":
		next, err := status.Decode(data)
		if err != nil {
			return err
		}
		if next.Foster.Instance == t.now.Foster.Instance {
			next.History = t.now.History
		}
		t.now, t.at, t.moved = next, time.Now(), true
	case "entry":
		var e report.Entry
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("read an entry: %w", err)
		}
		t.now.History = append(t.now.History, e)
		t.now.History = t.now.History[max(0, len(t.now.History)-watchKept):]
		t.moved = true
	}
	if t.moved && !more {
		t.moved = false
		t.screen.show([]report.Status{t.now}, t.at)
	}
	return nil
}

// events reads a foster's stream to its end, which is never nil. more says that
// further events have arrived already.
func (a *asker) events(ctx context.Context, last string, take func(kind, id string, data []byte, more bool) error) error {
	resp, err := a.get(ctx, "/events", "Last-Event-ID", last)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		return fmt.Errorf("ask foster at %s for its events: %s", a.path, resp.Status)
	}
	lines := bufio.NewReader(resp.Body)
	kind, id := "", ""
	var data []byte
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("foster at %s is gone: %w", a.path, err)
		}
		field, text, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		switch string(field) {
		case "event":
			kind = string(text)
		case "id":
			id = string(text)
		case "data":
			data = bytes.Clone(text)
		case "":
			if kind == "" {
				continue // the stream's own setting
			}
			if err := take(kind, id, data, lines.Buffered() > 0); err != nil {
				return err
			}
			kind, data = "", nil
		}
	}
}

// screen shows one state of things after the other.
type screen struct {
	out   outside
	flags *statusFlags

	mu    sync.Mutex
	shown []report.Status // the last
	at    time.Time       // when it was so
	drawn []byte          // the same in words, without the time
	said  string          // the trouble since then, "" for none
}

func (s *screen) terminal() bool { return isTerminal(s.out.stdout) && s.flags.format == "table" }

// age draws what is shown with the present time. What nobody tells any more
// does not grow older.
func (s *screen) age() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.said == "" && len(s.shown) > 0 {
		s.draw(s.aged(), false)
	}
}

// aged is what is shown, with the present time.
func (s *screen) aged() []report.Status {
	now := slices.Clone(s.shown)
	for i := range now {
		now[i].Now = now[i].Now.Add(time.Since(s.at))
	}
	return now
}

// show draws on a terminal what was so at a time, with what it has grown older
// since, and appends elsewhere what is not as it was.
func (s *screen) show(found []report.Status, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var same []report.Status
	for _, f := range found {
		f.Now = time.Time{}
		same = append(same, f)
	}
	key, err := json.Marshal(same)
	s.said = ""
	if err != nil || bytes.Equal(key, s.drawn) && !s.terminal() {
		return
	}
	first := s.drawn == nil
	s.shown, s.at, s.drawn = found, at, key
	if s.terminal() {
		found = s.aged()
	}
	s.draw(found, first)
}

func (s *screen) draw(found []report.Status, first bool) {
	style := status.Style{Columns: columns(s.out.stdout)(), Colour: coloured(s.out)}
	var text bytes.Buffer
	if s.said != "" {
		fmt.Fprintln(&text, style.Line(s.said))
	}
	if err := s.flags.write(&text, found, style); err != nil {
		fmt.Fprintf(s.out.stderr, "foster: %s\n", err)
		return
	}
	switch {
	case s.terminal():
		redraw(s.out.stdout, text.String(), first)
	case !first && s.flags.format == "table":
		fmt.Fprintf(s.out.stdout, "\n%s", text.Bytes())
	default:
		fmt.Fprintf(s.out.stdout, "%s", text.Bytes())
	}
}

// say tells a trouble once: on a terminal above what was shown last, which
// stays as it was, elsewhere beside it.
func (s *screen) say(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := status.Printable("foster: " + err.Error() + ", trying again")
	switch {
	case text == s.said, errors.Is(err, context.Canceled):
	case s.terminal() && len(s.shown) > 0:
		s.said = text
		s.draw(s.aged(), false)
	default:
		s.said = text
		fmt.Fprintln(s.out.stderr, text)
	}
}

// redraw writes over what a terminal shows; what does not fit is left out.
func redraw(w io.Writer, text string, first bool) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if f, ok := w.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Row > 2 && len(lines) > int(size.Row)-1 {
			hidden := len(lines) - int(size.Row) + 2
			lines = append(lines[:len(lines)-hidden], fmt.Sprintf("… %d lines more", hidden))
		}
	}
	begin := "\x1b[H"
	if first {
		begin = "\x1b[2J\x1b[H"
	}
	fmt.Fprint(w, begin+strings.Join(lines, "\x1b[K\n")+"\x1b[K\n\x1b[J")
}
