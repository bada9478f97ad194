package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// ringSize is how many events, of all types, an engine keeps for replay.
const ringSize = 256

type event = events.Message

// emit records an event and sends it to the streams. The caller holds e.mu.
func (e *Engine) emit(kind events.Type, action events.Action, id string, attributes map[string]string) {
	stamp := e.stamp()
	ev := event{
		Type: kind, Action: action, Scope: "local",
		Actor: events.Actor{ID: id, Attributes: attributes},
		Time:  stamp / int64(time.Second), TimeNano: stamp,
	}
	if kind == events.ContainerEventType && e.apiBelow(52) {
		//lint:ignore SA1019 engines below API 1.52 still send these
		ev.Status, ev.ID, ev.From = string(action), id, attributes["image"]
	}
	e.ring = append(e.ring, ev)
	if len(e.ring) > ringSize {
		e.ring[0], e.ring = event{}, e.ring[1:]
	}
	for _, out := range e.tampering.apply(ev) {
		for s := range e.streams {
			s.offer(out)
		}
	}
}

// EmitForeign sends n events of a container that nobody asked about, as a busy
// node does; they use up the replay ring.
func (e *Engine) EmitForeign(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range n {
		e.emit(events.ContainerEventType, events.ActionExecDie, e.newID("foreign"), map[string]string{"name": "foreign", "image": "foreign:1", "exitCode": "0"})
	}
}

// Recorded lists the events that are still in the replay ring.
func (e *Engine) Recorded() []events.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.ring)
}

// tampering is what happens to events on their way to the streams.
type tampering struct {
	deliver func(events.Message) []events.Message
	holding int // events still to be held back
	held    []event
}

// apply turns one event into those that are to be sent now.
func (t *tampering) apply(ev event) []event {
	out := []event{ev}
	if t.deliver != nil {
		out = t.deliver(ev)
	}
	if t.holding == 0 {
		return out
	}
	for len(out) > 0 && t.holding > 0 {
		t.held, out = append(t.held, out[0]), out[1:]
		t.holding--
	}
	if t.holding > 0 {
		return nil
	}
	slices.Reverse(t.held)
	out, t.held = append(t.held, out...), nil
	return out
}

// Tamper puts deliver between the engine and all streams; nil ends it. deliver
// returns what to send in place of one event: nothing, it, or several. It is
// called with the engine locked and must not call it. Replays are not touched.
func (e *Engine) Tamper(deliver func(events.Message) []events.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tampering.deliver = deliver
}

// DropEvents loses the next n events on their way; the replay ring has them.
func (e *Engine) DropEvents(n int) { e.nextEvents(n, 0) }

// DuplicateEvents sends each of the next n events twice.
func (e *Engine) DuplicateEvents(n int) { e.nextEvents(n, 2) }

func (e *Engine) nextEvents(n, copies int) {
	e.Tamper(func(ev events.Message) []events.Message {
		if n == 0 {
			return []events.Message{ev}
		}
		n--
		return slices.Repeat([]events.Message{ev}, copies)
	})
}

// ReverseEvents holds the next n events back and then sends them in reverse.
func (e *Engine) ReverseEvents(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tampering.holding = n
}

// wanted applies an event filter: AND between keys, OR within one. As soon as
// one wanted action is a prefix such as health_status, all are.
func wanted(f filters.Args, ev event) bool {
	if types := f.Get("type"); len(types) > 0 && !slices.Contains(types, string(ev.Type)) {
		return false
	}
	if scopes := f.Get("scope"); len(scopes) > 0 && !slices.Contains(scopes, ev.Scope) {
		return false
	}
	if actions := f.Get("event"); len(actions) > 0 && !actionWanted(actions, string(ev.Action)) {
		return false
	}
	if labels := f.Get("label"); len(labels) > 0 && !f.MatchKVList("label", ev.Actor.Attributes) {
		return false
	}
	for _, kind := range []events.Type{events.ContainerEventType, events.NetworkEventType, events.VolumeEventType} {
		if names := f.Get(string(kind)); len(names) > 0 && !actorWanted(names, kind, ev) {
			return false
		}
	}
	return true
}

func actionWanted(actions []string, action string) bool {
	prefixes := slices.ContainsFunc(actions, func(a string) bool {
		return a == string(events.ActionHealthStatus) || a == string(events.ActionExecCreate) || a == string(events.ActionExecStart)
	})
	return slices.ContainsFunc(actions, func(a string) bool {
		return a == action || prefixes && strings.HasPrefix(action, a)
	})
}

func actorWanted(names []string, kind events.Type, ev event) bool {
	return ev.Type == kind && slices.ContainsFunc(names, func(n string) bool {
		return strings.HasPrefix(ev.Actor.ID, n) || strings.HasPrefix(ev.Actor.Attributes["name"], n)
	})
}

// attributes of a container's event: its labels, image and name, and more.
func (c *ctr) attributes(more map[string]string) map[string]string {
	out := maps.Clone(c.config.Labels)
	if out == nil {
		out = map[string]string{}
	}
	out["image"], out["name"] = c.config.Image, c.name
	maps.Copy(out, more)
	return out
}
