package e2e

import (
	"errors"
	"fmt"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/test/lab"
)

// TestCopiesOfAChild: a container that carries all of a child's labels is not
// the child: not beside it, not in its place, not under its name.
func TestCopiesOfAChild(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	want := wanted(w.net("front"))
	f := w.foster("LAUNCH_NETWORKS=front")
	child := w.awaitWhole(want)
	f.awaitSaid("launched")
	snapshot := w.name("snapshot")
	w.docker("commit", child.ID, snapshot)
	labels := w.labelFile(child)

	// Beside a live foster, and beside its child while there is none.
	committed := w.strangerOf(snapshot, []string{"--name", w.name("debug"), "--entrypoint", "sleep"}, "600")
	copied := w.strangerOf(childImage, []string{"--name", w.name("copy"), "--label-file", labels})
	f.kill()
	f = w.foster("LAUNCH_NETWORKS=front")
	f.awaitSaid("adopted")
	w.awaitWholeAmongCopies(want, child, same(child))
	committed.untouched()
	copied.untouched()
	f.awaitSaid("a container carries this project's labels", "name="+committed.name())
	committed.does("rm --force --volumes", "kill", "die", "destroy")
	copied.does("rm --force --volumes", "kill", "die", "destroy")
	w.awaitWhole(want, same(child))

	// Under the child's name, with nothing but another image to tell it by.
	f.kill()
	w.docker("rm", "--force", "--volumes", child.ID)
	committed = w.strangerOf(snapshot, []string{"--name", w.container(), "--entrypoint", "sleep"}, "600")
	f = w.foster("LAUNCH_NETWORKS=front")
	f.heldBy(w.container(), committed.before.ID[:12], "no foster has made it", "made from image "+snapshot)
	committed.untouched()
	committed.does("rm --force --volumes", "kill", "die", "destroy")
	w.awaitWhole(want)
	f.stop()
	committed.untouched()
	copied.untouched()
	w.nothingLeft()
}

// awaitWholeAmongCopies waits until a known child is whole and the checks hold,
// where it is not the only container that carries its labels.
func (w *world) awaitWholeAmongCopies(want want, child container.InspectResponse, checks ...check) {
	w.t.Helper()
	lab.Eventually(w.t, patience, "a whole child among copies", func() error {
		c, err := w.Client().ContainerInspect(w.t.Context(), child.ID)
		if err != nil {
			return err
		}
		errs := []error{w.wholeAs(c, want)}
		for _, check := range checks {
			errs = append(errs, check(c))
		}
		return errors.Join(errs...)
	})
}

// TestLabelledByHand: some of foster's labels make no child, neither two nor
// four of them, and nobody is waited for.
func TestLabelledByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	ours := []string{"--label", spec.LabelProject + "=" + w.project, "--label", spec.LabelChild + "=" + childName}
	other := w.stranger(append(ours, "--name", w.name("stranger"))...)
	claimed := w.stranger(append(ours, "--name", w.name("claimed"), "--label", spec.LabelSpecHash+"=h", "--label", spec.LabelParent+"="+w.canary.container.ID)...)
	f := w.foster("LAUNCH_NETWORKS=front")
	f.awaitSaid("launched")
	for _, s := range []*stranger{other, claimed} {
		if n := len(f.said("a container carries this project's labels", "name="+s.name())); n != 1 {
			t.Errorf("that %s is left alone was told %d times", s.name(), n)
		}
	}
	for _, s := range []*stranger{other, claimed} {
		s.does("kill", "kill", "die")
		s.does("rm", "destroy")
	}
	f.stop()
	other.untouched()
	claimed.untouched()
	if n := len(f.said("fault")); n != 0 {
		t.Errorf("the end of a stranger was %d faults", n)
	}
	w.nothingLeft()
}

// TestRenamedWhileNoFosterSaw: what may be the child under another name is
// neither doubled nor touched. Under its name again it is adopted.
func TestRenamedWhileNoFosterSaw(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	want := wanted(w.net("front"))
	f := w.foster("LAUNCH_NETWORKS=front")
	child := w.awaitWhole(want)
	f.awaitSaid("launched")
	// A foster that sees it knows it under every name.
	w.docker("rename", child.ID, w.name("other"))
	f.awaitSaid("degraded: somebody renamed")
	f.kill()
	f = w.foster("LAUNCH_NETWORKS=front")
	f.heldBy(w.name("other"), child.ID[:12], "renamed, or a copy")
	w.docker("rename", child.ID, w.container())
	f.awaitSaid("adopted")
	w.awaitWhole(want, same(child))
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestRenamedAndEnded: its end, whatever its name, is the end of the wait.
func TestRenamedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	want := wanted(w.net("front"))
	f := w.foster("LAUNCH_NETWORKS=front")
	child := w.awaitWhole(want)
	f.awaitSaid("launched")
	f.kill()
	w.docker("rename", child.ID, w.name("other"))
	f = w.foster("LAUNCH_NETWORKS=front")
	f.heldBy(w.name("other"))
	w.docker("rm", "--force", "--volumes", child.ID)
	w.awaitWhole(want, newer(child))
	f.stop()
	w.nothingLeft()
	w.created(2)
}

// TestImageWithFostersLabels: labels that come with the child's own image do not
// show through: the next foster finds its child.
func TestImageWithFostersLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	image := w.name("labelled")
	if err := w.build(t.Context(), image, map[string]string{
		"Dockerfile": fmt.Sprintf("FROM %s\nLABEL %s=other %s=other %s=%s %s=x %s=x %s=x\n", childImage,
			spec.LabelProject, spec.LabelChild, spec.LabelParent, w.canary.container.ID, spec.LabelSpecHash, spec.LabelContainer, spec.LabelImage),
	}); err != nil {
		t.Fatal(err)
	}
	want := wanted(w.net("front"))
	want.image = image
	settings := []string{"LAUNCH_IMAGE=" + image, "LAUNCH_NETWORKS=front"}
	f := w.foster(settings...)
	child := w.awaitWhole(want)
	f.awaitSaid("launched")
	if got := child.Config.Labels[spec.LabelParent]; got != "" {
		t.Errorf("its parent is the image's, %q", got)
	}
	f.kill()
	f = w.foster(settings...)
	f.awaitSaid("adopted")
	w.awaitWhole(want, same(child))
	f.stop()
	w.nothingLeft()
	w.created(1)
}

// TestFostersLabelsAreRefused: they are not for the configuration to give.
func TestFostersLabelsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	for where, f := range map[string]*foster{
		"LAUNCH_LABELS": w.foster("LAUNCH_LABELS=team=ci " + spec.LabelChild + "=other"),
		"services.child.labels." + spec.LabelParent:    w.composed("services: {child: {image: " + childImage + ", labels: {" + spec.LabelParent + ": x}}}\n"),
		"networks.default.labels." + spec.LabelProject: w.composed("services: {child: {image: " + childImage + "}}\nnetworks: {default: {labels: {" + spec.LabelProject + ": x}}}\n"),
	} {
		f.ended(78, patience)
		if lines := f.problems(); len(lines) != 1 || !containsAll(lines[0], where, "a label that foster sets itself") {
			t.Errorf("%s: it says %q", where, lines)
		}
	}
	w.nothingLeft()
}
