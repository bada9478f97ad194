package watcher

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"foster/state"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
)

// The labels by which the project's containers are known; package spec writes
// them.
const (
	labelProject = "foster.project"
	labelChild   = "foster.child"
	labelParent  = "foster.parent"
	labelHash    = "foster.spec-hash"
)

// wantedActions is the event list of the subscription. Since health_status is
// in it the engine takes every one of them for a prefix; none is the prefix of
// an action that is not wanted.
var wantedActions = []events.Action{
	events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionKill, events.ActionOOM,
	events.ActionDestroy, events.ActionRemove, events.ActionRename, events.ActionPause, events.ActionUnPause,
	events.ActionHealthStatus, events.ActionConnect, events.ActionDisconnect,
}

// unknownCode stands for an exit code that the engine does not tell; it is the
// one that the engine itself uses then.
const unknownCode = 255

// decoder knows what is ours. decode is pure: same message, same answer.
type decoder struct {
	project  string
	networks []string
	names    []string             // of the children's containers
	parent   string               // name, ID or ID prefix; "" for none
	parentID func() string        // as a look found it, or ""
	ours     func(id string) bool // is this container one of the project's?
	owners   []string             // containers outside that children are bound to: name, ID or ID prefix
	ownerID  func(string) string  // of an owner as a look found it, or ""
	launcher func(id string) bool // does another foster of the project run in it?
	awaited  func(id string) bool // has it a port or an address that a child needs?
	genuine  genuineFunc          // nil: the label is enough
}

// decode returns the events that a message means, nil for none. Messages about
// containers and networks of others mean nothing, but for the followed parent,
// for owners, and for the end of what is in a child's way; the parent may be
// an owner as well. ResyncDue among them asks for a look.
func (d decoder) decode(m events.Message) []state.Event {
	switch m.Type {
	case events.ContainerEventType:
		if d.isOurs(m) {
			return append(some(decodeChild(m)), d.decodeFreed(m)...)
		}
		var out []state.Event
		if d.isParent(m) {
			out = some(decodeParent(m))
		}
		out = append(out, d.decodeOwner(m)...)
		if m.Action == events.ActionDie && d.launcher(m.Actor.ID) {
			out = append(out, state.ElderGone{At: stampOf(m)})
		}
		return append(out, d.decodeFreed(m)...)
	case events.NetworkEventType:
		return append(some(d.decodeNetwork(m)), d.decodeFreed(m)...)
	}
	return nil
}

// some is a list of one event, or of none.
func some(ev state.Event) []state.Event {
	if ev == nil {
		return nil
	}
	return []state.Event{ev}
}

func (d decoder) isOurs(m events.Message) bool {
	return m.Type == events.ContainerEventType && m.Actor.ID != "" && d.project != "" && m.Actor.Attributes[labelProject] == d.project
}

// isParent tells the followed parent by ID, by name, or by a prefix of its ID
// that is too long to be a name by chance.
func (d decoder) isParent(m events.Message) bool {
	id := m.Actor.ID
	if d.parent == "" || id == "" {
		return false
	}
	return id == d.parentID() || m.Actor.Attributes["name"] == d.parent || isIDPrefix(d.parent) && strings.HasPrefix(id, d.parent)
}

// isIDPrefix: 12 or more hexadecimal digits, as docker ps shows them.
func isIDPrefix(s string) bool {
	_, err := hex.DecodeString(s[:len(s)&^1])
	return len(s) >= 12 && err == nil
}

func decodeChild(m events.Message) state.Event {
	id, at := m.Actor.ID, stampOf(m)
	switch m.Action {
	case events.ActionDie:
		return state.ChildDied{ID: id, Code: exitCode(m), At: at}
	case events.ActionDestroy:
		return state.ChildGone{ID: id, At: at}
	case events.ActionStart:
		return state.ChildStarted{ID: id, At: at}
	case events.ActionKill:
		signal, err := strconv.Atoi(m.Actor.Attributes["signal"])
		if err != nil {
			return nil
		}
		return state.ChildSignalled{ID: id, Signal: signal}
	case events.ActionOOM:
		return state.ChildOOM{ID: id}
	case events.ActionPause:
		return state.ChildPaused{ID: id, Paused: true, At: at}
	case events.ActionUnPause:
		return state.ChildPaused{ID: id, Paused: false, At: at}
	case events.ActionRename:
		return state.ChildRenamed{ID: id, Name: strings.TrimPrefix(m.Actor.Attributes["name"], "/")}
	}
	verdict, ok := strings.CutPrefix(string(m.Action), string(events.ActionHealthStatus)+": ")
	if ok && (verdict == container.Healthy || verdict == container.Unhealthy) {
		return state.ChildHealth{ID: id, Healthy: verdict == container.Healthy, At: at}
	}
	return nil
}

func decodeParent(m events.Message) state.Event {
	switch m.Action {
	case events.ActionDie:
		return state.ParentDied{At: stampOf(m)}
	case events.ActionStart:
		return state.ParentStarted{At: stampOf(m)}
	}
	return nil
}

func (d decoder) decodeNetwork(m events.Message) state.Event {
	name, at := m.Actor.Attributes["name"], stampOf(m)
	id := m.Actor.Attributes["container"]
	switch m.Action {
	case events.ActionConnect:
		if id != "" && d.ours(id) {
			return state.NetJoined{ID: id, Network: name, At: at}
		}
	case events.ActionDisconnect:
		if id != "" && d.ours(id) {
			return state.NetLost{ID: id, Network: name, At: at}
		}
	case events.ActionCreate:
		if slices.Contains(d.networks, name) {
			return state.NetBack{Network: name, ID: m.Actor.ID, At: at}
		}
	case events.ActionDestroy:
		if slices.Contains(d.networks, name) && m.Actor.Attributes["type"] != "overlay" {
			return state.NetGone{Network: name, At: at}
		}
	case events.ActionRemove:
		if slices.Contains(d.networks, name) {
			return state.NetGone{Network: name, At: at}
		}
	}
	return nil
}

func exitCode(m events.Message) int {
	code, err := strconv.Atoi(m.Actor.Attributes["exitCode"])
	if err != nil || code < 0 || code > 255 {
		return unknownCode
	}
	return code
}

func stampOf(m events.Message) time.Time {
	if m.TimeNano == 0 {
		return time.Unix(m.Time, 0).UTC()
	}
	return time.Unix(0, m.TimeNano).UTC()
}
