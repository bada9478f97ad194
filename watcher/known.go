package watcher

import (
	"maps"
	"sync"

	"github.com/docker/docker/api/types/events"
)

// known are the containers that network events are compared with. The reader
// and the looks share it.
type known struct {
	mu     sync.Mutex
	ids    map[string]struct{}
	parent string            // ID of the followed parent, as far as it was seen
	owners map[string]string // their IDs by what they are called, as a look found them
	// launchers are other running fosters by ID; false: of another project.
	launchers map[string]bool
	// holders are what containers of the project name as their parents.
	holders map[string]struct{}
	// awaited are containers of others that have a port or an address.
	awaited map[string]struct{}
}

func newKnown() *known {
	return &known{ids: map[string]struct{}{}, owners: map[string]string{}, holders: map[string]struct{}{}, awaited: map[string]struct{}{}}
}

func (k *known) has(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.ids[id]
	return ok
}

// add must come before the container is inspected: what happens to it
// afterwards then reaches the core as an event, what happened before is in the
// answer.
func (k *known) add(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ids[id] = struct{}{}
}

// follow keeps the set by the containers' own events. After its destroy a
// container has no more network events.
func (k *known) follow(m events.Message) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.Action == events.ActionDestroy {
		delete(k.ids, m.Actor.ID)
		return
	}
	k.ids[m.Actor.ID] = struct{}{}
}

func (k *known) all() map[string]struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.ids)
}

// forget drops those of before that a look at the whole project did not find:
// their destroy was missed.
func (k *known) forget(before map[string]struct{}, found map[string]struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range before {
		if _, ok := found[id]; !ok {
			delete(k.ids, id)
		}
	}
}

func (k *known) parentID() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.parent
}

func (k *known) setParent(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.parent = id
}

func (k *known) ownerID(owner string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.owners[owner]
}

// setOwner notes the container that an owner's name means; "" when there is none.
func (k *known) setOwner(owner, id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.owners[owner] = id
}

// setLaunchers notes which other fosters run now. It returns those that may be
// of this project.
func (k *known) setLaunchers(ids []string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.launchers
	k.launchers = make(map[string]bool, len(ids))
	var ours []string
	for _, id := range ids {
		mine, asked := was[id]
		k.launchers[id] = mine || !asked
		if k.launchers[id] {
			ours = append(ours, id)
		}
	}
	return ours
}

// notLauncher: the foster in this container is of another project, for good.
func (k *known) notLauncher(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.launchers[id] = false
}

// forgetHolders comes before a look at the whole project, which finds them anew.
func (k *known) forgetHolders() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.holders = map[string]struct{}{}
}

// addHolder must come before the container is inspected, as add.
func (k *known) addHolder(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.holders[id] = struct{}{}
}

// isLauncher: another foster of this project may run in this container.
func (k *known) isLauncher(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, holder := k.holders[id]
	return holder || k.launchers[id]
}
