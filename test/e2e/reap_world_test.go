package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
)

// reapCommand is a foster reap outside any container; it does not outlive the test.
func (w *world) reapCommand(args ...string) *exec.Cmd {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), fosterBinary(w.t), append([]string{"reap"}, args...)...)
	cmd.Env, cmd.Dir = w.Env(), w.t.TempDir()
	return cmd
}

// reap runs one to its end, which must be a good one.
func (w *world) reap(args ...string) (stdout, stderr string) {
	w.t.Helper()
	code, stdout, stderr := w.finish(w.reapCommand(args...))
	if code != 0 {
		w.t.Fatalf("foster reap %s: exit code %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout, stderr
}

// reapFinding is one of reap's JSON.
type reapFinding struct{ Kind, Name, ID, Project, Parent, State, Verdict, Reason, Since string }

func reapFindings(t testing.TB, text string) []reapFinding {
	t.Helper()
	var found []reapFinding
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return found
}

// reapAbout is the finding on an object, which must be there.
func reapAbout(t testing.TB, found []reapFinding, name string) reapFinding {
	t.Helper()
	i := slices.IndexFunc(found, func(f reapFinding) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("nothing about %s in %+v", name, found)
	}
	return found[i]
}

// orphaned launches a child with a network, an anonymous and a named volume
// from a foster in a container, and kills that.
func (w *world) orphaned() (child container.InspectResponse, parent string) {
	w.t.Helper()
	f := w.fosterContainer(nil, "LAUNCH_NETWORKS=front", "LAUNCH_VOLUMES=data:/kept")
	child = w.awaitWhole(wanted(w.net("front")))
	parent = child.Config.Labels[spec.LabelParent]
	f.awaitSaid("launched")
	f.kill()
	return child, parent
}

// dataKept fails the test unless the project's named volume is there, and
// removes it.
func (w *world) dataKept() {
	w.t.Helper()
	w.docker("volume", "rm", w.project+"_data")
}

// projectLeft says what is left of a project of any name.
func (w *world) projectLeft(project string) error {
	var errs []error
	label := filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+project))
	all, err := w.Client().ContainerList(w.t.Context(), container.ListOptions{All: true, Filters: label})
	errs = append(errs, err)
	for _, c := range all {
		errs = append(errs, fmt.Errorf("container %s is left, %s", c.Names, c.Status))
	}
	nets, err := w.Client().NetworkList(w.t.Context(), network.ListOptions{Filters: label})
	errs = append(errs, err)
	for _, n := range nets {
		errs = append(errs, fmt.Errorf("network %s is left", n.Name))
	}
	return errors.Join(errs...)
}

// exampleText is a file of examples/ as it stands.
func exampleText(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(tree + "/examples/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
