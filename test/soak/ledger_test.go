package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"
)

// teller tells a ledger of a node's events, in tenths of a second.
type teller struct {
	*ledger
	t *testing.T
}

func newTeller(t *testing.T) teller { return teller{newLedger(nil), t} }

func (l teller) container(tenth int64, action, id string, attributes ...string) {
	m := events.Message{Type: events.ContainerEventType, Action: events.Action(action), TimeNano: tenth * int64(100*time.Millisecond)}
	m.Actor = events.Actor{ID: id, Attributes: map[string]string{}}
	if strings.HasPrefix(id, "web") || strings.HasPrefix(id, "db") {
		m.Actor.Attributes = map[string]string{labelProject: "shop", labelChild: strings.TrimRight(id, "0123456789")}
	}
	for _, kv := range attributes {
		k, v, _ := strings.Cut(kv, "=")
		m.Actor.Attributes[k] = v
	}
	l.record("n1", m)
}

// expect fails the test unless the first breach says this; "" is none.
func (l teller) expect(want string) {
	l.t.Helper()
	l.judge(time.Hour.Nanoseconds())
	switch b := l.first(); {
	case b == nil && want != "":
		l.t.Errorf("no breach, want %q", want)
	case b != nil && (want == "" || !strings.Contains(b.Error(), want)):
		l.t.Errorf("breach: %v, want %q", b, want)
	}
}

func TestOneAfterTheOther(t *testing.T) {
	l := newTeller(t)
	l.container(1, "start", "web1")
	l.container(1, "start", "db1")
	l.container(5, "die", "web1", "exitCode=137")
	l.container(5, "start", "web2")
	// Told in the wrong order, stamped in the right one.
	l.container(8, "start", "web3")
	l.container(7, "die", "web2")
	l.expect("")
}

func TestTwoAtOnce(t *testing.T) {
	l := newTeller(t)
	l.container(1, "start", "web1")
	l.container(4, "start", "web2")
	l.container(5, "die", "web1")
	l.expect("two run at once for 100ms")
}

func TestTwoForGood(t *testing.T) {
	l := newTeller(t)
	l.container(1, "start", "web1")
	l.container(4, "start", "web2")
	l.judge(5 * int64(100*time.Millisecond)) // too early to tell
	if b := l.first(); b != nil {
		t.Errorf("judged at once: %v", b)
	}
	l.expect("two run at once: web1 has not died")
}

func TestSameNameElsewhere(t *testing.T) {
	l := newTeller(t)
	l.container(1, "start", "web1")
	l.record("n2", events.Message{Type: events.ContainerEventType, Action: "start", TimeNano: 2, Actor: events.Actor{ID: "web2", Attributes: map[string]string{labelProject: "shop", labelChild: "web"}}})
	l.container(3, "start", "web3", labelProject+"=shop-2")
	l.expect("")
}

// An engine that has ended ends what ran, told or not: also a start that is told after that.
func TestEngineEnds(t *testing.T) {
	l := newTeller(t)
	now := time.Now().UnixNano() / int64(100*time.Millisecond)
	l.container(now-20, "start", "web1")
	l.engineEnded("n1")
	l.container(now-10, "start", "db1")
	l.container(now+20, "start", "web2")
	l.container(now+20, "start", "db2")
	l.judge((now + 100) * int64(100*time.Millisecond))
	if b := l.first(); b != nil {
		t.Errorf("breach: %v", b)
	}
}

func TestManyRunsAreNotKept(t *testing.T) {
	l := newTeller(t)
	for i := range int64(1000) {
		l.container(i*600, "start", fmt.Sprintf("web%d", i))
		l.container(i*600+1, "die", fmt.Sprintf("web%d", i))
		l.judge((i*600 + 100) * int64(100*time.Millisecond))
	}
	if n := len(l.runs[place{"n1", "shop", "web"}]); n > 3 {
		t.Errorf("%d runs are kept", n)
	}
	l.expect("")
}

func TestHot(t *testing.T) {
	l := newTeller(t)
	for i := range int64(maxCreations) {
		l.container(i, "create", fmt.Sprintf("web%d", i))
	}
	l.container(601, "create", "web1000") // the first is out of the minute by then
	l.expect("")
	l.container(602, "create", "web1001")
	l.container(602, "create", "web1002")
	l.expect("hot: created 41 times")

	l = newTeller(t)
	for range maxEvents {
		l.container(1, "exec_start: true", "web1")
		l.container(1, "update", "web1")
	}
	l.expect("")
	l.container(1, "update", "web1")
	l.expect("hot: 601 events")
}

func TestStrangers(t *testing.T) {
	l := newTeller(t)
	l.protect("n1", "s1", "stranger")
	l.protect("n1", "net1", "strangers")
	l.record("n2", events.Message{Type: events.ContainerEventType, Action: "stop", Actor: events.Actor{ID: "s1"}})
	l.meddle("n1", 1)
	l.container(2, "die", "s1")
	l.meddle("n1", -1)
	l.container(3, "start", "s1") // told late
	l.expect("")
	l.container(time.Now().UnixNano()/int64(100*time.Millisecond)+1, "start", "s1")
	l.expect("a stranger was touched: container start")
	for _, m := range []events.Message{
		{Type: events.ContainerEventType, Action: "exec_create: ls", Actor: events.Actor{ID: "s1"}},
		{Type: events.ContainerEventType, Action: "copy", Actor: events.Actor{ID: "s1"}},
		{Type: events.ContainerEventType, Action: "attach", Actor: events.Actor{ID: "s1"}},
		{Type: events.VolumeEventType, Action: "destroy", Actor: events.Actor{ID: "vol1"}},
		{Type: events.ContainerEventType, Action: "rename", Actor: events.Actor{ID: "s1"}},
		{Type: events.NetworkEventType, Action: "disconnect", Actor: events.Actor{ID: "net7", Attributes: map[string]string{"container": "s1"}}},
		{Type: events.NetworkEventType, Action: "destroy", Actor: events.Actor{ID: "net1"}},
		{Type: events.NetworkEventType, Action: "connect", Actor: events.Actor{ID: "net1", Attributes: map[string]string{"container": "web1"}}},
	} {
		l := newTeller(t)
		l.strangers = map[string]string{"n1 s1": "stranger", "n1 net1": "strangers", "n1 vol1": "data"}
		m.TimeNano = 1
		l.record("n1", m)
		l.expect("a stranger was touched: " + string(m.Type) + " " + string(m.Action))
	}
}

// A volume without a name has to go, told of or not, but for those of strangers and those that nobody can know.
func TestVolumes(t *testing.T) {
	l := newTeller(t)
	l.container(1, "create", "web1")
	for id, container := range map[string]string{"a": "web1", "b": "web1", "c": "web1", "d": "s1"} {
		l.record("n1", events.Message{Type: events.VolumeEventType, Action: "mount", Actor: events.Actor{ID: id, Attributes: map[string]string{"container": container}}})
	}
	l.protect("n1", "d", "stranger's volume")
	l.spare("n1", "b", "e")
	l.unborn("n1", "c", "f")
	for _, c := range []struct {
		node, name, child, where string
		excess                   bool
	}{
		{"n1", "a", "web", "of web, which was in web1", true},
		{"n1", "b", "", "", false},
		{"n1", "c", "web", "of web, which was in web1", true}, // it was in a container
		{"n1", "d", "", "", false},
		{"n1", "e", "", "", false},
		{"n1", "f", "", "", false},
		{"n1", "g", "", "of nobody's that was told", true},
		{"n2", "b", "", "of nobody's that was told", true},
	} {
		if at, where, excess := l.excess(c.node, c.name); excess != c.excess || where != c.where || at.child != c.child {
			t.Errorf("%s on %s: %v, %q, %v; want %+v", c.name, c.node, at, where, excess, c)
		}
	}
}

func TestPeak(t *testing.T) {
	l := newTeller(t)
	if n, of := l.peak(); n != 0 || of != "" {
		t.Errorf("nothing was told: %d of %q", n, of)
	}
	l.container(1, "create", "web1")
	l.container(1, "create", "db1")
	l.container(1, "start", "db1")
	if n, of := l.peak(); n != 2 || of != "shop/db on n1" {
		t.Errorf("%d of %q", n, of)
	}
}
