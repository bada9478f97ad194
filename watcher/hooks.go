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
// long as it still has the start of the run itself, what it does not tell of has
// not happened. After that nobody can know, and the child is taken for finished:
// mostly it is one that has been whole for long.

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

// unfinished reports whether the present run of a container is known not to have
// had its hooks.
func (l *look) unfinished(ctx context.Context, facts state.ChildFacts) (bool, error) {
	hooks := l.cfg.Hooks[facts.Name]
	if len(hooks) == 0 || facts.Status != state.Running {
		return false, nil
	}
	if unfinished, known := l.starts.get(facts.Name, facts.ID); known {
		return unfinished, nil
	}
	told, err := call(ctx, l.Watcher, func(ctx context.Context) ([]events.Message, error) {
		return l.history(ctx, facts.ID, facts.StartedAt)
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

// history is what the engine still has of a container's run: its start, and the
// commands in it.
func (l *look) history(ctx context.Context, id string, since time.Time) ([]events.Message, error) {
	until := time.Now()
	if until.Before(since) {
		until = since // the clock was set back: nothing to be had
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages, errs := l.cfg.Engine.Events(ctx, events.ListOptions{Since: stamp(since), Until: stamp(until), Filters: filters.NewArgs(
		filters.Arg("type", string(events.ContainerEventType)), filters.Arg("container", id),
		filters.Arg("event", string(events.ActionStart)), filters.Arg("event", string(events.ActionExecCreate)), filters.Arg("event", string(events.ActionExecDie)),
	)})
	var told []events.Message
	for {
		select {
		case m := <-messages:
			told = append(told, m)
		case err := <-errs:
			if err == nil || errors.Is(err, io.EOF) {
				return told, nil
			}
			return nil, err
		}
	}
}

func stamp(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }

// missedHooks reports whether events of a run show that one of the hooks has not
// ended with code 0. Without the start of the run they show only those that
// have begun.
func missedHooks(told []events.Message, hooks [][]string) bool {
	begun, ended := map[string]string{}, map[string]int{} // command by exec, how many by command
	whole := false
	for _, m := range told {
		exec := m.Actor.Attributes["execID"]
		name, command, _ := strings.Cut(string(m.Action), ":")
		switch events.Action(name) {
		case events.ActionStart:
			whole = true
			clear(begun)
			clear(ended)
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
