package lab_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"foster/test/lab"
)

// victimDir, when set, turns this test binary into a program that starts a lab there, launches a process and waits to be killed.
// It prints the process IDs of node and process.
const victimDir = "LAB_TEST_VICTIM_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
	}
	goleak.VerifyTestMain(m)
}

func victim(dir string) {
	ctx := context.Background()
	l, err := lab.Start(ctx, lab.Options{Dir: dir})
	if err == nil {
		_, err = l.Node(1).Docker(ctx, "run", "--detach", lab.BusyboxImage, "sleep", "600")
	}
	own := exec.Command("sleep", "600")
	if err == nil {
		_, err = lab.Launch(own)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(l.Node(1).PID(), own.Process.Pid)
	select {}
}
