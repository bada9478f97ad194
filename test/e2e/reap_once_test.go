package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"foster/spec"
	"foster/test/lab"
)

// TestReapOrphan: what a killed foster leaves is told with the reason, and
// nothing but that goes; data stays.
func TestReapOrphan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	child, parent := w.orphaned()

	table, _ := w.reap("--project", w.project, "--dry-run")
	t.Logf("foster reap --dry-run:\n%s", table)
	for _, want := range []string{
		w.container(), w.net("front"), parent[:12], "its parent is gone (due in ", "it goes with container", "nothing that stays needs it", "3 orphans",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	w.awaitWhole(wanted(w.net("front")), same(child))

	began := time.Now()
	out, _ := w.reap("--project", w.project, "--grace", "0s", "--format", "json")
	t.Logf("removed in %s", time.Since(began).Round(time.Millisecond))
	if found := reapFindings(t, out); len(found) != 3 {
		t.Errorf("found %+v", found)
	} else {
		for _, f := range found {
			if f.Verdict != "removed" || f.Project != w.project {
				t.Errorf("found %+v", f)
			}
		}
	}
	w.dataKept()
	w.nothingLeft()
	w.created(1)
	if out, _ := w.reap("--project", w.project); out != "nothing here carries foster's labels\n" {
		t.Errorf("a second run says %q", out)
	}
}

// TestReapEndedParent: a parent that is still there tells since when it has
// ended, and that counts.
func TestReapEndedParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	parent := w.resident([]string{"--volume", "/run/docker.sock:/var/run/docker.sock"}, "LAUNCH_NETWORKS=front")
	w.awaitWhole(wanted(w.net("front")))
	w.docker("kill", parent)

	out, _ := w.reap("--project", w.project, "--dry-run", "--format", "json")
	f := reapAbout(t, reapFindings(t, out), w.container())
	if f.Verdict != "orphan" || f.Parent != parent || !strings.HasPrefix(f.Reason, "its parent has ended") || f.Since == "" {
		t.Errorf("found %+v", f)
	}
	// The grace began with the parent's end, not with the run.
	lab.Eventually(t, patience, "an end that is three seconds ago", func() error {
		at, err := time.Parse(time.RFC3339Nano, f.Since)
		if err == nil && time.Since(at) < 3*time.Second {
			err = errNotYet
		}
		return err
	})
	if _, said := w.reap("--project", w.project, "--grace", "3s"); said != "" {
		t.Errorf("it waits although the grace is over: %s", said)
	}
	w.docker("rm", parent)
	w.nothingLeft()
}

// TestReapWithinGrace: the next foster takes the child over, in the same
// process, and reap lets it have it.
func TestReapWithinGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	child, _ := w.orphaned()
	cmd := w.reapCommand("--project", w.project, "--grace", "20s", "--format", "json")
	var out bytes.Buffer
	cmd.Stdout = &out
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // has waited already is as well
	line := make([]byte, 200)
	n, err := said.Read(line)
	if err != nil || !strings.HasPrefix(string(line[:n]), "waiting ") {
		t.Errorf("it says %q, %v", line[:n], err)
	}
	f := w.fosterContainer(nil, "LAUNCH_NETWORKS=front", "LAUNCH_VOLUMES=data:/kept")
	f.awaitSaid("adopted")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("reap ends with %v", err)
	}
	found := reapFindings(t, out.String())
	for _, name := range []string{w.container(), w.net("front")} {
		if f := reapAbout(t, found, name); f.Verdict != "kept" || !strings.HasSuffix(f.Reason, "runs and has this project") {
			t.Errorf("found %+v", f)
		}
	}
	w.awaitWhole(wanted(w.net("front")), same(child))
	f.stop()
	w.dataKept()
	w.nothingLeft()
	w.created(1)
}

// TestReapHostFoster: outside of containers the lock tells whether a foster
// lives; from inside one nobody can tell.
func TestReapHostFoster(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front")
	child := w.awaitWhole(wanted(w.net("front")))
	args := []string{"--project", w.project, "--grace", "0s", "--format", "json"}
	out, _ := w.reap(args...)
	if f := reapAbout(t, reapFindings(t, out), w.container()); f.Verdict != "kept" || !strings.Contains(f.Reason, "on this host") {
		t.Errorf("found %+v", f)
	}
	f.kill()
	if err := w.engine.foster(); err != nil {
		t.Fatal(err)
	}
	inside := w.docker(append([]string{"run", "--rm", "--volume", "/run/docker.sock:/var/run/docker.sock", fosterImage, "reap"}, args...)...)
	if f := reapAbout(t, reapFindings(t, inside), w.container()); f.Verdict != "kept" || !strings.Contains(f.Reason, "cannot be seen from here") {
		t.Errorf("found %+v", f)
	}
	w.awaitWhole(wanted(w.net("front")), same(child))
	w.reap(args...)
	w.nothingLeft()
}

// TestReapForgedLabels: single labels make no orphan of somebody's container,
// nor do all of them on another container than the one they speak of. Whoever
// forges the whole set has made it foster's.
func TestReapForgedLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	nobody := strings.Repeat("0a", 32)
	run := func(name string, labels ...string) {
		labels = append(labels, spec.LabelImage+"="+lab.BusyboxImage, spec.LabelContainer+"="+w.name("forged"))
		args := []string{"run", "--detach", "--init", "--name", w.name(name)}
		for _, l := range labels {
			args = append(args, "--label", l)
		}
		w.docker(append(args, lab.BusyboxImage, "sleep", "600")...)
	}
	whole := []string{
		spec.LabelProject + "=" + w.project, spec.LabelChild + "=x", spec.LabelSpecHash + "=x", spec.LabelVersion + "=x", spec.LabelParent + "=" + nobody,
		"com.docker.compose.project=" + w.project, "com.docker.compose.service=x", "com.docker.compose.config-hash=x",
	}
	run("careless", whole[0], whole[4])
	run("copied", append(whole[:5:5], "com.docker.compose.project=other", whole[6], whole[7])...)
	run("forged", whole...)
	run("twin", whole...)
	w.docker("network", "create", "--label", whole[0], w.name("net"))

	out, _ := w.reap("--project", w.project, "--grace", "0s", "--format", "json")
	found := reapFindings(t, out)
	for name, want := range map[string]string{"careless": "kept", "copied": "kept", "net": "kept", "twin": "kept", "forged": "removed"} {
		if f := reapAbout(t, found, w.name(name)); f.Verdict != want {
			t.Errorf("found %+v, want it %s", f, want)
		}
	}
	w.docker("rm", "--force", w.name("careless"), w.name("copied"), w.name("twin"))
	w.docker("network", "rm", w.name("net"))
	w.nothingLeft()
}
