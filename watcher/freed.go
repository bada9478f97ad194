package watcher

import (
	"slices"
	"strings"

	"foster/state"

	"github.com/docker/docker/api/types/events"
)

// Await has the end of a container told (state.Freed): it has a port or an
// address that a child was refused.
func (w *Watcher) Await(id string) { w.known.await(id) }

func (k *known) await(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.awaited[id] = struct{}{}
}

func (k *known) isAwaited(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.awaited[id]
	return ok
}

// noLonger forgets a container that is gone.
func (k *known) noLonger(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.awaited, id)
}

// decodeFreed returns Freed when somebody else's container gives up what a child
// may be waiting for: a name, or what an awaited one has. Ports and addresses
// are free when it has left its networks, which is before or after its die.
func (d decoder) decodeFreed(m events.Message) []state.Event {
	freed := false
	switch m.Action {
	case events.ActionDestroy:
		freed = d.awaited(m.Actor.ID) || slices.Contains(d.names, nameOf(m)) && !d.isChild(m)
	case events.ActionRename:
		freed = slices.Contains(d.names, strings.TrimPrefix(m.Actor.Attributes["oldName"], "/"))
	case events.ActionDisconnect:
		freed = d.awaited(m.Actor.Attributes["container"])
	}
	if !freed {
		return nil
	}
	return []state.Event{state.Freed{At: stampOf(m)}}
}

// isChild: it is one of the project's own, whose end frees nothing for others.
func (d decoder) isChild(m events.Message) bool {
	return d.isOurs(m) && (d.genuine == nil || d.genuine(nameOf(m), m.Actor.Attributes["image"], m.Actor.Attributes) == "")
}
