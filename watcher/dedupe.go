package watcher

import (
	"encoding/binary"
	"hash/maphash"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/events"
)

// windowSize is how many events are remembered; a replay has at most 256.
const windowSize = 1024

// window drops events that come again: the engine replays the one that the
// subscription begins with, and may send one both in the replay and live.
type window struct {
	seed  maphash.Seed
	seen  map[uint64]struct{}
	order []uint64 // a ring, oldest at next once it is full
	next  int
}

func newWindow() *window {
	return &window{seed: maphash.MakeSeed(), seen: make(map[uint64]struct{}, windowSize)}
}

// fresh remembers a message; false means that it came before.
func (w *window) fresh(m events.Message) bool {
	key := w.key(m)
	if _, ok := w.seen[key]; ok {
		return false
	}
	w.seen[key] = struct{}{}
	if len(w.order) < windowSize {
		w.order = append(w.order, key)
		return true
	}
	delete(w.seen, w.order[w.next])
	w.order[w.next] = key
	w.next = (w.next + 1) % windowSize
	return true
}

// key is a hash of all that tells one event from another.
func (w *window) key(m events.Message) uint64 {
	var h maphash.Hash
	h.SetSeed(w.seed)
	var nano [8]byte
	binary.LittleEndian.PutUint64(nano[:], uint64(m.TimeNano))
	_, _ = h.Write(nano[:]) // a maphash takes everything
	for _, part := range []string{string(m.Type), string(m.Action), m.Actor.ID} {
		writePart(&h, part)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Actor.Attributes)) {
		writePart(&h, name)
		writePart(&h, m.Actor.Attributes[name])
	}
	return h.Sum64()
}

// writePart ends each part, so that "a"+"b" is not "ab"+"".
func writePart(h *maphash.Hash, part string) {
	_, _ = h.WriteString(part)
	_ = h.WriteByte(0)
}
