package watcher

import (
	"fmt"
	"strings"
	"sync"

	"foster/state"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
)

// Labels are copied: by docker commit, by those who make a container after the
// picture of another, by hand. What carries the project's is the project's only
// if it is Genuine, or was when this foster saw it first: somebody may have
// renamed it since.

// labelContainer is the name that a container was made under; package spec
// writes it.
const labelContainer = "foster.container"

// genuineFunc is Config.Genuine.
type genuineFunc func(name, image string, labels map[string]string) string

// vouched are containers with the project's label, by ID, that this foster has
// made up its mind about. The reader and the looks share it.
type vouched struct {
	mu   sync.Mutex
	mine map[string]struct{}
	told map[string]struct{} // of others, that they are left alone
}

func newVouched() *vouched {
	return &vouched{mine: map[string]struct{}{}, told: map[string]struct{}{}}
}

func (v *vouched) has(id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.mine[id]
	return ok
}

func (v *vouched) add(id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mine[id] = struct{}{}
}

// first says whether nothing was told of this container before.
func (v *vouched) first(id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, told := v.told[id]
	v.told[id] = struct{}{}
	return !told
}

// keep forgets all but those that a look at the whole project has found.
func (v *vouched) keep(found map[string]struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, of := range []map[string]struct{}{v.mine, v.told} {
		for id := range of {
			if _, ok := found[id]; !ok {
				delete(of, id)
			}
		}
	}
}

// follow makes up its mind by an event of a container with the project's label.
func (w *Watcher) follow(m events.Message) {
	if w.cfg.Genuine == nil {
		return
	}
	if a := m.Actor.Attributes; m.Action != events.ActionDestroy && w.cfg.Genuine(a["name"], a["image"], a) == "" {
		w.vouched.add(m.Actor.ID)
	}
}

// standing says whether a container with the project's label is the project's.
// One that runs, and that all but its name speaks for, is not, but it has the
// child's place: a child that was renamed while no foster saw it, or a copy of
// one. Then holder says so.
func (w *Watcher) standing(c container.InspectResponse) (ours bool, holder string) {
	if w.cfg.Genuine == nil || w.vouched.has(c.ID) {
		return true, ""
	}
	name, labels := strings.TrimPrefix(c.Name, "/"), c.Config.Labels
	why := w.cfg.Genuine(name, c.Config.Image, labels)
	if why == "" {
		w.vouched.add(c.ID)
		return true, ""
	}
	if was := labels[labelContainer]; c.State != nil && c.State.Running && w.cfg.Genuine(was, c.Config.Image, labels) == "" {
		return false, fmt.Sprintf("container %s (%s), which is %s renamed, or a copy of it: rename it back and it is taken over, or remove it", name, short(c.ID), was)
	}
	if w.vouched.first(c.ID) {
		w.cfg.Log.Warn().Str(state.KeyContainer, short(c.ID)).Str("name", name).Str(state.KeyDetail, why).
			Msg("a container carries this project's labels, but no foster has made it: it is left alone")
	}
	return false, ""
}

// withoutCopies leaves out what is nil, and what only has a child's place where
// the child itself is there too.
func withoutCopies(all []*state.ChildFacts, copied []bool) []state.ChildFacts {
	itself := map[string]bool{}
	for i, f := range all {
		if f != nil && !copied[i] {
			itself[f.Name] = true
		}
	}
	var out []state.ChildFacts
	for i, f := range all {
		if f != nil && !(copied[i] && itself[f.Name]) {
			out = append(out, *f)
		}
	}
	return out
}
