package report

import (
	"slices"
	"sync"
	"time"

	"foster/state"
)

// Config is what a Board knows from the beginning.
type Config struct {
	Foster  Foster
	Project string
	API     string // of the engine, as negotiated
	// Children describes the children, in the order of the State's.
	Children []ChildInfo
}

// ChildInfo is what the State does not know of a child.
type ChildInfo struct {
	ContainerName string
	Image         string
}

// Board keeps the present and the recent past of one run. Its methods may be
// called from any goroutine; none of them waits for a reader.
type Board struct {
	cfg Config

	mu         sync.Mutex
	now        state.State
	tallies    []tally // of the children, in their order
	recoveries recoveries
	engine     Engine
	handed     time.Time // when standby or away was last left for up
	history    []Entry
	seq        uint64
	readers    map[*Reader]struct{}
}

// wayKept is how many phases before the present one a Board keeps of a child:
// those of one recovery.
const wayKept = 8

// tally is what a Board counts of one child.
type tally struct {
	ChildInfo
	since     time.Time     // of the present phase
	way       []state.Phase // before it, oldest first
	retry     time.Time     // when the backoff ends
	faults    int
	recovered int
	restarts  int
	last      *Entry // the last recovery; never changed once it is here
}

// left is told that a phase has ended.
func (t *tally) left(p state.Phase, at time.Time) {
	t.since = at
	if len(t.way) == wayKept {
		t.way = slices.Delete(t.way, 0, 1)
	}
	t.way = append(t.way, p)
}

// names are the words of phases.
func names(phases []state.Phase) []string {
	var out []string
	for _, p := range phases {
		out = append(out, p.String())
	}
	return out
}

var _ Observer = (*Board)(nil)

// NewBoard makes a Board for a State that nothing has happened to yet.
func NewBoard(cfg Config, initial state.State) *Board {
	b := &Board{cfg: cfg, now: initial, engine: Engine{API: cfg.API}, readers: map[*Reader]struct{}{}}
	for i := range initial.Children {
		t := tally{since: cfg.Foster.Started}
		if i < len(cfg.Children) {
			t.ChildInfo = cfg.Children[i]
		}
		b.tallies = append(b.tallies, t)
	}
	return b
}

// Stepped takes a step of the loop.
func (b *Board) Stepped(s Step) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.seq
	b.now = s.To
	moved := s.From.Stage != s.To.Stage || s.From.StreamUp != s.To.StreamUp
	if s.From.StreamUp != s.To.StreamUp {
		b.engine.Stream, b.engine.Since = s.To.StreamUp, s.At
	}
	if waited := s.From.Stage == state.Standby || s.From.Stage == state.Away; waited && s.To.Stage == state.Up {
		b.handed = s.At
	}
	if s.From.Stage != s.To.Stage {
		b.add(Entry{At: s.At, Kind: KindStage, Level: "info", Text: "project: " + s.From.Stage.String() + " -> " + s.To.Stage.String(), Detail: s.To.Reason})
	}
	moved = moved || !slices.EqualFunc(s.From.Networks, s.To.Networks, func(was, is state.Network) bool {
		return was.State == is.State && (was.Attempt > 0) == (is.Attempt > 0)
	})
	for i := range s.To.Children {
		was, is := &s.From.Children[i], &s.To.Children[i]
		if was.Phase != is.Phase {
			b.tallies[i].left(was.Phase, s.At)
			moved = true
		}
		moved = moved || was.Whole != is.Whole || was.Health != is.Health || was.ID != is.ID || was.Fault != is.Fault || was.Awaits != is.Awaits || was.Attempt != is.Attempt || !slices.Equal(was.Nets, is.Nets)
	}
	for _, e := range s.Effects {
		if n, ok := e.(state.Note); ok {
			b.note(s, n)
		}
	}
	if moved || b.seq != before {
		b.wake()
	}
}

// note counts a note and keeps it. Lines that the log tells only when it
// debugs stay out of the history: the first of them is there.
func (b *Board) note(s Step, n state.Note) {
	e := noteEntry(n)
	e.At = s.At
	if e.Level == "debug" {
		return
	}
	e = b.add(e)
	i := slices.IndexFunc(s.To.Children, func(ch state.Child) bool { return ch.Name == n.Child })
	if i < 0 {
		return
	}
	t := &b.tallies[i]
	switch n.Kind {
	case state.FaultSeen:
		t.faults++
	case state.Recovered:
		t.recovered++
		if n.Did == state.DidRecreate || n.Did == state.DidBoth {
			t.restarts++
		}
		t.last = &e
		b.recoveries.add(n.Cause, n.Down)
	}
}

func (b *Board) add(e Entry) Entry {
	b.seq++
	e.Seq = b.seq
	if len(b.history) == historyKept {
		b.history = slices.Delete(b.history, 0, 1)
	}
	b.history = append(b.history, e)
	return e
}

// Retries is told until when a child's next create is put off.
func (b *Board) Retries(child string, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.now.Children {
		if b.now.Children[i].Name == child {
			b.tallies[i].retry = until
		}
	}
	b.wake()
}

// Status is the project at this moment; with history, also the entries that are
// kept.
func (b *Board) Status(history bool) Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	s := Status{
		Schema: Schema, Now: now, Foster: b.cfg.Foster, Project: b.cfg.Project,
		Stage: b.now.Stage.String(), Elder: b.now.Elder, Health: Judge(b.now, now, b.handed), Engine: b.engine,
		Children: b.children(), Networks: b.networks(), Recoveries: b.recoveries.summary(), Seq: b.seq,
	}
	if history {
		s.History = slices.Clone(b.history)
	}
	return s
}

// Health is the Verdict on the project at this moment.
func (b *Board) Health() Verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Judge(b.now, time.Now(), b.handed)
}

// Since lists the kept entries with a number above seq, oldest first.
func (b *Board) Since(seq uint64) []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, _ := slices.BinarySearchFunc(b.history, seq+1, func(e Entry, n uint64) int {
		switch {
		case e.Seq < n:
			return -1
		case e.Seq > n:
			return 1
		}
		return 0
	})
	return slices.Clone(b.history[i:])
}
