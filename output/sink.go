package output

import (
	"context"
	"io"
	"time"
)

// Source is where a piece of output comes from, and goes to.
type Source int

// The sources, in the order of the engine's numbers for them.
const (
	Stdout Source = iota
	Stderr
)

func (s Source) String() string {
	if s == Stderr {
		return "stderr"
	}
	return "stdout"
}

// Sink is the one way to foster's stdout and stderr. It writes whole lines: a
// line that comes in pieces holds up the others on its way, for at most
// lineStill without a piece. Nobody waits for a write but those who can.
type Sink struct {
	lanes  [2]*lane
	own    *queue // foster's log, on stdout
	notes  *queue // what has to be said of stdout, on stderr
	log    logWriter
	ctx    context.Context // of the queues' writers, until Close gives up
	giveUp context.CancelFunc
}

// NewSink starts writing to both. End it with Close.
func NewSink(stdout, stderr io.Writer) *Sink {
	s := &Sink{}
	s.ctx, s.giveUp = context.WithCancel(context.Background())
	s.lanes = [2]*lane{newLane(stdout), newLane(stderr)}
	s.own, s.notes = newQueue(s.lanes[Stdout]), newQueue(s.lanes[Stderr])
	s.log = logWriter{queue: s.own, to: stdout}
	for _, l := range s.lanes {
		go l.run()
	}
	s.lanes[Stdout].failed = func(err error) {
		_, _ = s.notes.Write([]byte("foster: its output is lost from here on: " + err.Error() + "\n"))
	}
	go s.own.run(s.ctx)
	go s.notes.run(s.ctx)
	return s
}

// Log is the writer of foster's own log, of whole lines. It never waits: lines
// that nobody takes are kept up to ownKept, then lost and counted.
func (s *Sink) Log() io.Writer { return s.log }

// OnLoss sets who is told, once there is room again, how many log lines were
// lost.
func (s *Sink) OnLoss(told func(lines int)) {
	s.own.mu.Lock()
	defer s.own.mu.Unlock()
	s.own.lost = told
}

// Close writes what is left, for at most a time; what is written to Log after
// that is lost. Nobody else may still write.
func (s *Sink) Close(within time.Duration) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	defer s.giveUp()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.own.end()
		s.notes.end()
		for _, l := range s.lanes {
			close(l.work)
			<-l.ended
		}
	}()
	select {
	case <-ended:
	case <-timer.C:
	}
}

// logWriter is the queue of foster's own lines, which looks like the file
// behind it to those who ask whether that is a terminal.
type logWriter struct {
	*queue
	to io.Writer
}

// Fd is the file's, or no file's.
func (w logWriter) Fd() uintptr {
	if f, ok := w.to.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}
