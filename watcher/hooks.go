package watcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"foster/state"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
)

// A start is finished when its hooks have ended well. When foster dies between
// a start and its hooks, nothing on the container says so; but the engine keeps
// its last events, those of the commands that ran in containers among them. As
// long as it still has the container's creation, what it does not tell of has
// not happened. After that nobody can know, and the child is taken for finished:
// mostly it is one that has been whole for long. Nor can anybody know where the
// engine does not answer the question, or its clock is not this one.
//
// Hooks belong to the container: a run that somebody began by hand, as by
// docker restart, has no hooks of its own.

// starts remembers, for each child with hooks, one container and whether its
// start came to its end.
type starts struct {
	mu sync.Mutex
	of map[string]verdict // by child
}

type verdict struct {
	id         string
	unfinished bool
}

func newStarts() *starts { return &starts{of: map[string]verdict{}} }

func (s *starts) get(child, id string) (unfinished, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.of[child]
	return v.unfinished && v.id == id, v.id == id
}

func (s *starts) set(child string, v verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[child] = v
}

// Begins says that this foster is about to start a container, and to see to its
// hooks itself.
func (w *Watcher) Begins(child, containerID string) {
	w.starts.set(child, verdict{id: containerID})
}

// unfinished reports whether a running container that nobody holds is known not
// to have had its hooks. One that a living foster holds may be having them.
func (l *look) unfinished(ctx context.Context, facts state.ChildFacts) (bool, error) {
	hooks := l.cfg.Hooks[facts.Name]
	if len(hooks) == 0 || facts.Status != state.Running || facts.Holder != "" {
		return false, nil
	}
	if unfinished, known := l.starts.get(facts.Name, facts.ID); known {
		return unfinished, nil
	}
	told, err := call(ctx, l.Watcher, func(ctx context.Context) ([]events.Message, error) {
		return l.history(ctx, facts.ID, facts.Created)
	})
	if err != nil {
		return false, fmt.Errorf("ask for the events of container %s: %w", short(facts.ID), err)
	}
	v := verdict{id: facts.ID, unfinished: missedHooks(told, hooks)}
	// Not instead of what Begins said meanwhile.
	l.starts.mu.Lock()
	defer l.starts.mu.Unlock()
	if was := l.starts.of[facts.Name]; was.id == v.id {
		return was.unfinished, nil
	}
	l.starts.of[facts.Name] = v
	return v.unfinished, nil
}

// historyDeadline bounds the question for past events. An engine whose clock is
// behind this one's takes its end for a moment to come, and waits for it.
const historyDeadline = 2 * time.Second

// history is what the engine still has of a container: its creation, its starts,
// and the commands in it. It is empty where that cannot be had: with the clock
// set back before since, or an engine that does not come to the end.
func (l *look) history(ctx context.Context, id string, since time.Time) ([]events.Message, error) {
	until := time.Now()
	if until.Before(since) {
		return nil, nil
	}
	asked, cancel := context.WithTimeout(ctx, historyDeadline)
	defer cancel()
	messages, errs := l.cfg.Engine.Events(asked, events.ListOptions{Since: stamp(since), Until: stamp(until), Filters: filters.NewArgs(
		filters.Arg("type", string(events.ContainerEventType)), filters.Arg("container", id),
		filters.Arg("event", string(events.ActionCreate)), filters.Arg("event", string(events.ActionExecCreate)), filters.Arg("event", string(events.ActionExecDie)),
	)})
	var told []events.Message
	for {
		select {
		case m := <-messages:
			told = append(told, m)
		case err := <-errs:
			switch {
			case err == nil || errors.Is(err, io.EOF):
				return told, nil
			case asked.Err() != nil && ctx.Err() == nil:
				return nil, nil
			}
			return nil, err
		}
	}
}

func stamp(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }

// missedHooks reports whether events of a container show that one of the hooks
// has not ended with code 0. Without its creation they show only those that have
// begun.
func missedHooks(told []events.Message, hooks [][]string) bool {
	begun, ended := map[string]string{}, map[string]int{} // command by exec, how many by command
	whole := false
	for _, m := range told {
		exec := m.Actor.Attributes["execID"]
		name, command, _ := strings.Cut(string(m.Action), ":")
		switch events.Action(name) {
		case events.ActionCreate:
			whole = true
		case events.ActionExecCreate:
			begun[exec] = strings.TrimSpace(command)
		case events.ActionExecDie:
			if c, ok := begun[exec]; ok && m.Actor.Attributes["exitCode"] == "0" {
				ended[c]++
				delete(begun, exec)
			}
		}
	}
	for _, hook := range hooks {
		command := strings.TrimSpace(strings.Join(hook, " "))
		if ended[command] > 0 {
			ended[command]--
			continue
		}
		if whole {
			return true
		}
		for _, c := range begun {
			if c == command {
				return true
			}
		}
	}
	return false
}
