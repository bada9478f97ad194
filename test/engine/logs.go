package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	timetypes "github.com/docker/docker/api/types/time"
)

// ContainerLogs is the call that reads a container's log.
const ContainerLogs Verb = "ContainerLogs"

// Message is what the engine keeps of a container's output: a line, or a part
// of a long one, which does not end with a line feed.
type Message struct {
	At     time.Time
	Source int // 1: stdout, 2: stderr
	Text   []byte
}

// copied16k is how much of a line the engine's copier keeps in one message.
const copied16k = 16 << 10

// keptLog is a container's log. It outlives the container for those who read it.
type keptLog struct {
	messages []Message
	lost     int       // rotated away, in front of messages
	half     [3][]byte // by source: not yet a line, nor copied16k
	begun    [3]time.Time
	closed   bool // nothing runs that writes
	changed  chan struct{}
}

func newKeptLog() *keptLog { return &keptLog{closed: true, changed: make(chan struct{})} }

// wake tells the readers.
func (l *keptLog) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Print is what the main process writes, to 1 (stdout) or 2 (stderr).
func (e *Engine) Print(ref string, source int, text string) error {
	return e.act(ref, true, func(c *ctr) error {
		p := []byte(text)
		if c.config.Tty {
			p, source = bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")), 1
		}
		e.copyOutput(c.log, source, p)
		return nil
	})
}

// copyOutput cuts output into messages, as the engine's copier does: each line
// has the stamp of its end, or of when it had grown too long.
func (e *Engine) copyOutput(l *keptLog, source int, p []byte) {
	buf := append(l.half[source], p...)
	keep := func(text []byte) {
		at := l.begun[source]
		if at.IsZero() {
			at = e.moment()
		}
		l.messages = append(l.messages, Message{At: at, Source: source, Text: bytes.Clone(text)})
		l.begun[source] = at
		if bytes.HasSuffix(text, []byte("\n")) {
			l.begun[source] = time.Time{}
		}
	}
	for len(buf) > 0 {
		if i := bytes.IndexByte(buf[:min(len(buf), copied16k)], '\n'); i >= 0 {
			keep(buf[:i+1])
			buf = buf[i+1:]
			continue
		}
		if len(buf) < copied16k {
			break
		}
		keep(buf[:copied16k])
		buf = buf[copied16k:]
	}
	l.half[source] = bytes.Clone(buf)
	l.wake()
}

// closeLog is the end of a run: what is no line yet becomes a message.
func (e *Engine) closeLog(c *ctr) {
	for source := range c.log.half {
		if half := c.log.half[source]; len(half) > 0 {
			at := c.log.begun[source]
			if at.IsZero() {
				at = e.moment()
			}
			c.log.messages = append(c.log.messages, Message{At: at, Source: source, Text: half})
		}
		c.log.half[source], c.log.begun[source] = nil, time.Time{}
	}
	c.log.closed = true
	c.log.wake()
}

// Rotate lets the engine forget all but the newest messages of a log.
func (e *Engine) Rotate(ref string, keep int) error {
	return e.act(ref, false, func(c *ctr) error {
		if drop := len(c.log.messages) - keep; drop > 0 {
			c.log.lost += drop
			c.log.messages = c.log.messages[drop:]
		}
		return nil
	})
}

// Kept is what the engine has of a container's log.
func (e *Engine) Kept(ref string) ([]Message, error) {
	var out []Message
	err := e.act(ref, false, func(c *ctr) error {
		out = append(out, c.log.messages...)
		return nil
	})
	return out, err
}

// CutLogs breaks the streams of logs that are open, as a broken connection
// does; with next, also each new one after as many bytes as that says (negative: not).
func (e *Engine) CutLogs(next func() int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.logCut = next
	e.cutLogStreams()
}

func (e *Engine) cutLogStreams() {
	for s := range e.logStreams {
		s.broken = true
		s.log.wake()
	}
}

// ContainerLogs knows follow, tail, since and timestamps; it gives both sources.
func (e *Engine) ContainerLogs(ctx context.Context, containerID string, options container.LogsOptions) (io.ReadCloser, error) {
	return serve(ctx, e, ContainerLogs, containerID, locked(e, func() (io.ReadCloser, error) {
		c, err := e.findContainer(containerID)
		if err != nil {
			return nil, err
		}
		if c.host.LogConfig.Type == "none" {
			return nil, notImplemented("configured logging driver does not support reading")
		}
		s := &logStream{e: e, ctx: ctx, log: c.log, tty: c.config.Tty, follow: options.Follow && c.running(), stamps: options.Timestamps, left: -1}
		s.next = c.log.lost
		s.upTo = c.log.lost + len(c.log.messages)
		if n, err := strconv.Atoi(options.Tail); err == nil {
			s.next = max(s.next, s.upTo-n)
		}
		if options.Since != "" {
			since, err := timetypes.GetTimestamp(options.Since, time.Now()) // as the client does
			if err != nil {
				return nil, invalid("%s", err)
			}
			seconds, nanos, err := timetypes.ParseTimestamps(since, 0)
			if err != nil {
				return nil, invalid("%s", err)
			}
			s.since = time.Unix(seconds, nanos)
		}
		if e.logCut != nil {
			s.left = e.logCut()
		}
		e.logStreams[s] = struct{}{}
		return s, nil
	}))
}

// logStream is one answer of ContainerLogs.
type logStream struct {
	e      *Engine
	ctx    context.Context
	log    *keptLog
	tty    bool
	follow bool
	stamps bool
	since  time.Time
	next   int    // number of the next message, from the log's beginning
	upTo   int    // of the first that is not given unless followed
	bytes  []byte // of a message, not read yet
	left   int    // bytes until it breaks; negative: it does not
	broken bool
}

func (s *logStream) Close() error {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	delete(s.e.logStreams, s)
	return nil
}

func (s *logStream) Read(p []byte) (int, error) {
	for {
		s.e.mu.Lock()
		n, err := s.read(p)
		changed := s.log.changed
		s.e.mu.Unlock()
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		select {
		case <-changed:
		case <-s.ctx.Done():
			return 0, s.ctx.Err()
		case <-s.e.closed:
			return 0, io.ErrUnexpectedEOF
		}
	}
}

// read gives what there is; nothing and no error: there may be more.
func (s *logStream) read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
		if s.broken || s.left == 0 {
			return n, io.ErrUnexpectedEOF
		}
		if len(s.bytes) == 0 && !s.take() {
			break
		}
		room := p[n:]
		if s.left >= 0 {
			room = room[:min(len(room), s.left)]
		}
		m := copy(room, s.bytes)
		s.bytes = s.bytes[m:]
		n += m
		if s.left >= 0 {
			s.left -= m
		}
	}
	if n == 0 && (!s.follow || s.log.closed) {
		return 0, io.EOF
	}
	return n, nil
}

// take gets the next message, if there is one. Engines before 23.0 often do not
// see what was written just before the end of one that they follow.
func (s *logStream) take() bool {
	for {
		s.next = max(s.next, s.log.lost)
		i := s.next - s.log.lost
		if i >= len(s.log.messages) || !s.follow && s.next >= s.upTo || s.follow && s.next >= s.upTo && s.log.closed && !s.e.since(23) {
			return false
		}
		m := s.log.messages[i]
		s.next++
		if m.At.Before(s.since) {
			continue
		}
		if s.e.since(23) {
			s.since = time.Time{}
		}
		s.bytes = s.encode(m)
		return true
	}
}

func (s *logStream) encode(m Message) []byte {
	var text []byte
	if s.stamps {
		text = m.At.UTC().AppendFormat(text, "2006-01-02T15:04:05.000000000Z07:00")
		text = append(text, ' ')
	}
	text = append(text, m.Text...)
	if s.tty {
		return text
	}
	head := make([]byte, 8, 8+len(text))
	head[0] = byte(m.Source)
	binary.BigEndian.PutUint32(head[4:], uint32(len(text)))
	return append(head, text...)
}
