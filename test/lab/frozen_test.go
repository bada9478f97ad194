package lab_test

import (
	"testing"
	"time"

	"foster/test/lab"
)

// A paused container dies with its node, and is there again, dead, after the boot.
func TestCrashWithPausedContainer(t *testing.T) {
	l := lab.New(t, lab.Options{})
	n := l.Node(1)
	id := mustDocker(t, n, "run", "--detach", lab.BusyboxImage, "sleep", "600")
	mustDocker(t, n, "pause", id)
	if err := n.Crash(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := n.Boot(within(t, 30*time.Second)); err != nil {
		t.Fatal(err)
	}
	if state := mustDocker(t, n, "inspect", "--format", "{{.State.Status}} {{.State.Paused}}", id); state != "exited false" {
		t.Errorf("it is %s", state)
	}
}
