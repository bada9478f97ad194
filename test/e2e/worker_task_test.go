package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/test/lab"
)

// service is the name of the service whose task foster is.
func (w *worker) service() string { return w.name("foster") }

// deploy starts foster as a task that is pinned to the worker, on the overlay
// as well, and waits for the child.
func (w *worker) deploy() container.InspectResponse {
	w.t.Helper()
	if err := w.engine.foster(); err != nil {
		w.t.Fatal(err)
	}
	args := []string{
		"service", "create", "--detach", "--name", w.service(), "--endpoint-mode", "dnsrr", "--no-resolve-image",
		"--constraint", "node.hostname==" + w.Name, "--network", w.overlay, "--restart-delay", "1s", "--stop-grace-period", "30s",
		"--mount", "type=bind,source=/run/docker.sock,target=/var/run/docker.sock",
	}
	for _, kv := range w.settings([]string{"LAUNCH_EXT_NETWORKS=" + w.overlay, "FOSTER_BACKOFF_MAX=" + overlayBackoff.String()}) {
		args = append(args, "--env", kv)
	}
	w.onManager(append(args, fosterImage)...)
	return w.awaitReached(overlayPatience)
}

// withdraw removes the service.
func (w *worker) withdraw() {
	w.t.Helper()
	w.onManager("service", "rm", w.service())
	lab.Eventually(w.t, overlayPatience, "the end of the tasks of "+w.service(), func() error {
		if list := w.tasks(w.t.Context()); len(list) > 0 {
			return fmt.Errorf("%d are there", len(list))
		}
		return nil
	})
}

func (w *worker) tasks(ctx context.Context) []container.Summary {
	list, _ := w.Client().ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "com.docker.swarm.service.name="+w.service()))})
	return list
}

// tell logs what the tasks of a failed test did and said.
func (w *worker) tell() {
	if !w.t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, service := range []string{w.peer(), w.service()} {
		out, err := w.swarm.manager.Docker(ctx, "service", "ps", "--no-trunc", "--format", "{{.Name}}: {{.CurrentState}} {{.Error}}", service)
		w.t.Logf("tasks of %s (%v):\n%s", service, err, out)
	}
	for _, task := range w.tasks(ctx) {
		out, err := w.Docker(ctx, "logs", "--tail", "80", task.ID)
		w.t.Logf("log of %s, %s (%v):\n%s", task.Names, task.Status, err, out)
	}
	var said []string
	for line := range strings.Lines(w.swarm.manager.Log(20000)) {
		if !strings.Contains(line, "level=debug") {
			said = append(said, line)
		}
	}
	w.t.Logf("the manager's engine:\n%s", strings.Join(said[max(0, len(said)-20):], ""))
}

// restored is the time from a moment to the child's last start or connect.
func (w *worker) restored(c container.InspectResponse, from time.Time) time.Duration {
	var last int64
	for _, m := range w.rec.All(lab.Container(c.ID), lab.Action("start", "connect")) {
		last = max(last, m.TimeNano)
	}
	return time.Unix(0, last).Sub(from).Round(10 * time.Millisecond)
}
