package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"foster/report"
	"foster/report/web"
	webpage "foster/report/web/page"
	"foster/state"
)

// patience is for what takes a moment on an idle machine.
const patience = 20 * time.Second

// browser is the one of all tests; each has a tab of its own.
var browser context.Context

func TestMain(m *testing.M) {
	tab, end, err := Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	browser = tab
	code := m.Run()
	if err := errors.Join(end(), goleak.Find()); err != nil {
		fmt.Fprintln(os.Stderr, "after the tests:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

var instances atomic.Int64

// project is a foster of which there is nothing but its report: a Board that
// the test drives, and a real server for it. It can end and be started anew on
// the same address.
type project struct {
	t       *testing.T
	name    string
	version string
	board   *report.Board
	now     state.State
	at      string // address, as soon as it was served once
	end     func()
}

// newProject serves a project of children that run, on the networks front and back.
func newProject(t *testing.T, name string, children ...string) *project {
	t.Helper()
	p := &project{t: t, name: name, version: "1.2.3"}
	p.begin(children...)
	t.Cleanup(func() { p.end() })
	return p
}

// begin starts an instance.
func (p *project) begin(children ...string) {
	p.t.Helper()
	var cfg state.Config
	var infos []report.ChildInfo
	for _, child := range children {
		cfg.Children = append(cfg.Children, state.ChildConfig{Name: child, Networks: []string{"back", "front"}})
		infos = append(infos, report.ChildInfo{ContainerName: p.name + "-" + child + "-1", Image: "registry.example.org/team/" + child + ":1.4"})
	}
	cfg.Networks = []state.NetworkConfig{{Name: "back"}, {Name: "front"}}
	p.now = state.New(cfg)
	p.board = report.NewBoard(report.Config{
		Project: p.name, API: "1.47", Children: infos,
		Foster: report.Foster{Instance: fmt.Sprintf("i%d-x", instances.Add(1)), Version: p.version, Started: time.Now()},
	}, p.now)
	p.serve()
	p.step(func(s *state.State) {
		s.Stage, s.StreamUp = state.Up, true
		for i := range s.Networks {
			s.Networks[i].State = state.NetPresent
		}
	})
	for i := range children {
		p.whole(i, state.Note{Kind: state.Launched, Child: children[i]})
	}
}

// serve answers on the project's address, as foster does.
func (p *project) serve() {
	p.t.Helper()
	at := p.at
	if at == "" {
		at = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		p.t.Fatal(err)
	}
	p.at = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	server := web.New(p.board, web.Options{Page: webpage.Handler()})
	go func() { served <- server.Serve(ctx, listener) }()
	p.end = func() {
		p.end = func() {}
		cancel()
		if err := <-served; err != nil {
			p.t.Errorf("serve: %v", err)
		}
	}
}

func (p *project) url() string { return "http://" + p.at + "/" }

// step makes one step of the loop.
func (p *project) step(change func(*state.State), notes ...state.Note) {
	s := report.Step{At: time.Now(), From: p.now, To: p.now}
	s.To.Children, s.To.Networks = slices.Clone(p.now.Children), slices.Clone(p.now.Networks)
	for i := range s.To.Children {
		s.To.Children[i].Nets = slices.Clone(s.To.Children[i].Nets)
	}
	change(&s.To)
	for _, n := range notes {
		s.Effects = append(s.Effects, n)
	}
	p.now = s.To
	p.board.Stepped(s)
}

// child changes one child.
func (p *project) child(i int, change func(*state.Child), notes ...state.Note) {
	p.step(func(s *state.State) { change(&s.Children[i]) }, notes...)
}

// phases leads a child through phases.
func (p *project) phases(i int, phases ...state.Phase) {
	for _, phase := range phases {
		p.child(i, func(ch *state.Child) { ch.Phase = phase })
	}
}

// whole makes a child whole.
func (p *project) whole(i int, notes ...state.Note) {
	p.phases(i, state.Creating, state.Starting)
	p.child(i, func(ch *state.Child) {
		ch.Phase, ch.Whole, ch.Seen, ch.Launched, ch.Fault = state.Alive, true, true, true, state.Fault{}
		ch.ID = strings.Repeat(fmt.Sprintf("%x", 0xc0ffee+i), 11)[:64]
		ch.Created, ch.StartedAt = time.Now(), time.Now()
		for n := range ch.Nets {
			ch.Nets[n].State = state.Attached
		}
	}, notes...)
}

// dies is a fault of a child, which is not recovered from yet.
func (p *project) dies(i int) {
	p.child(i, func(ch *state.Child) {
		ch.Phase, ch.Whole, ch.Code, ch.Attempt = state.Dead, false, 137, ch.Attempt+1
		ch.Fault = state.Fault{Cause: "died", At: time.Now(), Attempts: 1}
		for n := range ch.Nets {
			ch.Nets[n].State = state.Missing
		}
	}, state.Note{Kind: state.FaultSeen, Child: p.now.Children[i].Name, Cause: "died", Code: 137})
}

// recovers is the end of a child's fault, after a time.
func (p *project) recovers(i int, after time.Duration) {
	p.phases(i, state.Removing, state.Absent)
	p.whole(i, state.Note{Kind: state.Recovered, Child: p.now.Children[i].Name, Cause: "died", Did: state.DidRecreate, Attempt: 1, Down: after})
}
