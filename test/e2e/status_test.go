package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"foster/report"
	"foster/test/lab"
)

// TestStatusAndHealth: in containers of every kind foster answers the commands
// inside its own, and those on the host see it there. Where nobody can be
// asked any more the labels tell.
func TestStatusAndHealth(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"read-only none": {"--read-only", "--network", "none"},
		"host network":   {"--network", "host"},
		"bare":           {"--read-only", "--network", "none", "--ipc", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pid", "host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			f := w.fosterContainer(flags, "LAUNCH_NETWORKS=front")
			child := w.awaitWhole(wanted(w.net("front")))
			lab.Eventually(t, patience, "health", func() error {
				out, err := w.Docker(t.Context(), "exec", f.container, "/foster", "health")
				if err != nil || out != "whole: 1 child is whole" {
					return fmt.Errorf("it says %q (%v)", out, err)
				}
				return nil
			})
			inside := w.status(w.docker("exec", f.container, "/foster", "status", "--format", "json"))
			if inside.Source != "" || inside.Project != w.project || !inside.Health.Ready || inside.Foster.Container == "" || inside.Children[0].Container != child.ID {
				t.Errorf("inside it says %+v", inside)
			}
			outside := w.status(w.hostCommand("status", "--format", "json", "--project", w.project))
			if outside.Source != "" || outside.Foster.Instance != inside.Foster.Instance {
				t.Errorf("on the host it says %+v", outside)
			}
			w.docker("kill", f.container)
			<-f.done
			labels := w.status(w.hostCommand("status", "--format", "json", "--project", w.project))
			if labels.Source != report.SourceLabels || labels.Health.State != "orphaned" || labels.Children[0].Container != child.ID || labels.Children[0].Attachments[0].State != "attached" {
				t.Errorf("from labels it says %+v", labels)
			}
			if table := w.hostCommand("status", "--all"); !strings.Contains(table, "orphaned") {
				t.Errorf("all projects are\n%s", table)
			}
			next := w.fosterContainer(nil, "LAUNCH_NETWORKS=front")
			next.awaitSaid("adopted")
			next.stop()
			w.nothingLeft()
		})
	}
}

func (w *world) status(document string) report.Status {
	w.t.Helper()
	var s report.Status
	if err := json.Unmarshal([]byte(document), &s); err != nil || s.Schema != report.Schema || len(s.Children) != 1 || len(s.Children[0].Attachments) != 1 {
		w.t.Fatalf("no status of one child on one network (%v): %s", err, document)
	}
	return s
}

// hostCommand runs a command of foster outside of containers, which must succeed.
func (w *world) hostCommand(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), fosterBinary(w.t), args...)
	cmd.Env = w.Env()
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("foster %q: %v\n%s", args, err, out)
	}
	return string(out)
}
