package lab_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"foster/test/lab"
)

func TestCloseLeavesNothing(t *testing.T) {
	dir := shortDir(t)
	interfaces := interfaceNames(t)
	l, err := lab.Start(t.Context(), lab.Options{Dir: dir, Nodes: 2, Swarm: true})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			_ = l.Close()
		}
	}()
	mustDocker(t, l.Node(1), "network", "create", "--driver", "overlay", "--attachable", "ov1")
	mustDocker(t, l.Node(1), "run", "--detach", "--network", "ov1", "--volume", "/data", "--publish", "8080:80", lab.BusyboxImage, "sleep", "600")
	mustDocker(t, l.Node(2), "run", "--detach", "--memory", "64m", lab.BusyboxImage, "sleep", "600")
	processes := descendants(l.Node(1).PID(), l.Node(2).PID())
	if len(processes) < 8 { // nodeinit, dockerd, containerd, a shim and a sleep, twice
		t.Errorf("%d processes in two nodes: this test looks at too few", len(processes))
	}
	parent := parentCgroups(t, l)
	if len(parent) == 0 {
		t.Error("no cgroup of the lab: this test looks in the wrong place")
	}

	err = l.Close()
	closed = true
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	assertNothingLeft(t, dir, processes, parent)
	if now := interfaceNames(t); !slices.Equal(now, interfaces) {
		t.Errorf("network interfaces: %v before, %v after", interfaces, now)
	}
}

// Nodes and launched processes die with the program that started them even when that is killed, and the next lab removes what then is left.
func TestKilledProgramTakesItsNodesAlong(t *testing.T) {
	dir := shortDir(t)
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), victimDir+"="+dir)
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var node, launched int
	if _, scanErr := fmt.Sscan(line, &node, &launched); err != nil || scanErr != nil {
		_ = program.Process.Kill()
		t.Fatalf("the program said %q (%v)", line, err)
	}
	processes := descendants(node, launched)
	if len(processes) < 6 || processes[launched] == "" {
		t.Errorf("%d processes of the program's: this test looks at too few", len(processes))
	}

	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait()
	lab.Eventually(t, 5*time.Second, "end of the program's processes", func() error { return stillRunning(processes) })
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the directory should be there still, for the next lab to find: %v", err)
	}

	l, err := lab.Start(t.Context(), lab.Options{Dir: dir})
	if err != nil {
		t.Fatalf("start a lab where a dead one is: %v", err)
	}
	parent := parentCgroups(t, l)
	processes = descendants(l.Node(1).PID())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	assertNothingLeft(t, dir, processes, parent)
}

// A lab may outlive its program, and be ended by another one.
func TestOutlive(t *testing.T) {
	dir := shortDir(t)
	started, err := lab.Start(t.Context(), lab.Options{Dir: dir, Outlive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer started.Close()
	if _, err := lab.Start(t.Context(), lab.Options{Dir: dir}); err == nil {
		t.Error("a second lab started in the same directory")
	}
	processes, parent := descendants(started.Node(1).PID()), parentCgroups(t, started)

	opened, err := lab.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := mustDocker(t, opened.Node(1), "info", "--format", "{{.Name}}"); got != "n1" {
		t.Errorf("the engine calls itself %q", got)
	}
	if err := opened.Node(1).Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	assertNothingLeft(t, dir, processes, parent)
	if _, err := lab.Open(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("open a lab that is gone: %v", err)
	}
}

func assertNothingLeft(t *testing.T, dir string, processes map[int]string, parents []string) {
	t.Helper()
	if err := stillRunning(processes); err != nil {
		t.Error(err)
	}
	for _, parent := range parents {
		if _, err := os.Stat(parent); err == nil {
			t.Errorf("left: cgroup %s", parent)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), dir) {
		t.Errorf("left: a mount of %s", dir)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left: %s", dir)
	}
}
