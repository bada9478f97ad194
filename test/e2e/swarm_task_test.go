package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/pkg/stdcopy"

	"foster/spec"
	"foster/test/lab"
)

// tasks lists the containers of the launcher's tasks; without all, the running ones.
func (s *stack) tasks(all bool) []container.Summary {
	s.t.Helper()
	list, err := s.Client().ContainerList(s.t.Context(), container.ListOptions{
		All: all, Filters: filters.NewArgs(filters.Arg("label", "com.docker.swarm.service.name="+s.service)),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// awaitTask waits until Swarm says that the launcher's only task runs, and
// returns its container.
func (s *stack) awaitTask() container.InspectResponse {
	s.t.Helper()
	var found container.InspectResponse
	lab.Eventually(s.t, 2*patience, "a running task", func() error {
		states, err := s.Docker(s.t.Context(), "service", "ps", "--filter", "desired-state=running", "--format", "{{.CurrentState}}", s.service)
		if err != nil || strings.Contains(states, "\n") || !strings.HasPrefix(states, "Running") {
			return errors.Join(fmt.Errorf("service ps says %q", states), err)
		}
		running := s.tasks(false)
		if len(running) != 1 {
			return fmt.Errorf("%d containers of it run", len(running))
		}
		found, err = s.Client().ContainerInspect(s.t.Context(), running[0].ID)
		return err
	})
	return found
}

// awaitOther waits for a running task other than a former one; at most so many
// may run.
func (s *stack) awaitOther(former container.InspectResponse, most int, within time.Duration) container.InspectResponse {
	s.t.Helper()
	var task container.InspectResponse
	lab.Eventually(s.t, within, "a new task", func() error {
		list := s.tasks(false)
		i := slices.IndexFunc(list, func(c container.Summary) bool { return c.ID != former.ID })
		if i < 0 || len(list) > most {
			return fmt.Errorf("%d tasks run", len(list))
		}
		var err error
		task, err = s.Client().ContainerInspect(s.t.Context(), list[i].ID)
		return err
	})
	return task
}

// sameTask fails the test unless the task runs as it did, in the same container.
func (s *stack) sameTask(before container.InspectResponse) {
	s.t.Helper()
	if now := s.awaitTask(); now.ID != before.ID || now.State.StartedAt != before.State.StartedAt {
		s.t.Errorf("the task is in %.12s of %s, was in %.12s of %s", now.ID, now.State.StartedAt, before.ID, before.State.StartedAt)
	}
}

// madeBy: the child's labels name this task as its parent.
func madeBy(task container.InspectResponse) check {
	return func(c container.InspectResponse) error {
		if c.Config.Labels[spec.LabelParent] != task.ID || c.Config.Labels[spec.LabelTask] != task.Config.Labels["com.docker.swarm.task.id"] {
			return fmt.Errorf("it was made by %.12s, the task is %.12s", c.Config.Labels[spec.LabelParent], task.ID)
		}
		return nil
	}
}

// awaitNothing waits until nothing of the project is left.
func (s *stack) awaitNothing() {
	s.t.Helper()
	lab.Eventually(s.t, patience, "nothing left of "+s.project, s.left)
	s.neverTwo(0)
}

// awaitStable waits until the child has run for FOSTER_STABLE_AFTER of
// launcherStack: the next recovery is immediate then.
func (s *stack) awaitStable(child container.InspectResponse) {
	s.t.Helper()
	started, err := time.Parse(time.RFC3339Nano, child.State.StartedAt)
	if err != nil {
		s.t.Fatal(err)
	}
	lab.Eventually(s.t, patience, "a stable child", func() error {
		info, err := s.Client().Info(s.t.Context())
		if err != nil {
			return err
		}
		now, err := time.Parse(time.RFC3339Nano, info.SystemTime)
		if err == nil && now.Sub(started) < 200*time.Millisecond {
			err = fmt.Errorf("it has run for %s", now.Sub(started))
		}
		return err
	})
}

// taskEnded waits for the end of a task's container and fails the test unless it ended by itself with 0.
func (s *stack) taskEnded(task container.InspectResponse) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	m, err := s.rec.Wait(ctx, lab.Type("container"), lab.Container(task.ID), lab.Action("die"))
	if err != nil {
		s.t.Fatal(err)
	}
	if asked := s.rec.All(lab.Type("container"), lab.Container(task.ID), lab.Action("kill")); len(asked) > 0 {
		s.t.Logf("foster ended %.2f s after its first signal", time.Duration(m.TimeNano-asked[0].TimeNano).Seconds())
	}
	if code := m.Actor.Attributes["exitCode"]; code != "0" {
		s.t.Errorf("foster ended with %s, want 0", code)
	}
}

// taskLogs collects what the tasks of a service say, one after the other.
type taskLogs struct {
	mu     sync.Mutex
	buf    strings.Builder
	cancel context.CancelFunc
	done   chan struct{}
}

func (l *taskLogs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *taskLogs) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// follow begins to collect, as `docker service logs --follow` does; a second call does nothing.
func (l *taskLogs) follow(s *stack) {
	s.t.Helper()
	if l.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := s.Client().ServiceLogs(ctx, s.service, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		cancel()
		s.t.Fatalf("follow the log of %s: %v", s.service, err)
	}
	l.cancel, l.done = cancel, make(chan struct{})
	go func() {
		defer close(l.done)
		defer stream.Close()
		if _, err := stdcopy.StdCopy(l, l, stream); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, io.EOF) {
			fmt.Fprintf(l, "(the log ends: %v)\n", err)
		}
	}()
}

func (l *taskLogs) end() {
	if l.cancel != nil {
		l.cancel()
		<-l.done
	}
}
