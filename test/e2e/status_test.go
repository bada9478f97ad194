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
			// On a busy machine a foster may not answer in time, and its labels are
			// what is told then.
			var inside report.Status
			lab.Eventually(t, patience, "the status inside", func() error {
				out, err := w.Docker(t.Context(), "exec", f.container, "/foster", "status", "--format", "json")
				if inside, err = statusIn(out, err); err != nil {
					return err
				}
				if inside.Source != "" || inside.Project != w.project || !inside.Health.Ready || inside.Foster.Container == "" || inside.Children[0].Container != child.ID {
					return fmt.Errorf("it says %+v", inside)
				}
				return nil
			})
			lab.Eventually(t, patience, "the same status on the host", func() error {
				outside, err := statusIn(w.hostTry("status", "--format", "json", "--project", w.project))
				if err == nil && (outside.Source != "" || outside.Foster.Instance != inside.Foster.Instance) {
					err = fmt.Errorf("it says %+v", outside)
				}
				return err
			})
			w.docker("kill", f.container)
			<-f.done
			labels, err := statusIn(w.hostTry("status", "--format", "json", "--project", w.project))
			if err != nil {
				t.Fatal(err)
			}
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

// statusIn reads what a command has printed.
func statusIn(document string, err error) (report.Status, error) {
	var s report.Status
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(document), &s); err != nil || s.Schema != report.Schema || len(s.Children) != 1 || len(s.Children[0].Attachments) != 1 {
		return s, fmt.Errorf("no status of one child on one network (%v): %s", err, document)
	}
	return s, nil
}

// hostCommand runs a command of foster outside of containers, which must succeed.
func (w *world) hostCommand(args ...string) string {
	w.t.Helper()
	out, err := w.hostTry(args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) hostTry(args ...string) (string, error) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), fosterBinary(w.t), args...)
	cmd.Env = w.Env()
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("foster %q: %w\n%s", args, err, out)
	}
	return string(out), err
}
