package engine_test

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"foster/test/engine"
)

// TestExec: the life of a command, its output, its events, and its end with the
// container's.
func TestExec(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		e, ctx := s.Engine, t.Context()
		id, err := e.Run(engine.Container{Name: "held", Config: &container.Config{Image: "lab/busybox:1"}})
		if err != nil {
			t.Fatal(err)
		}
		e.BehaveExec("say hello", engine.Command{Says: "hello", Takes: time.Minute, Code: 5})
		begin := func() (string, io.ReadCloser) {
			t.Helper()
			made, err := e.ContainerExecCreate(ctx, id, container.ExecOptions{Cmd: []string{"say", "hello"}})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := e.ContainerExecInspect(ctx, made.ID); err != nil || got.Running || got.Pid != 0 {
				t.Errorf("before it begins: %+v, %v", got, err)
			}
			conn, err := e.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
			if err != nil {
				t.Fatal(err)
			}
			out, in := io.Pipe()
			go func() {
				_, err := stdcopy.StdCopy(in, in, conn.Reader)
				conn.Close()
				_ = in.CloseWithError(err)
			}()
			return made.ID, out
		}
		first, out := begin()
		hello := make([]byte, 5)
		if _, err := io.ReadFull(out, hello); err != nil || string(hello) != "hello" {
			t.Errorf("it says %q, %v", hello, err)
		}
		if got, err := e.ContainerExecInspect(ctx, first); err != nil || !got.Running || got.Pid == 0 {
			t.Errorf("while it runs: %+v, %v", got, err)
		}
		if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
			t.Errorf("the rest is %q, %v", rest, err)
		}
		if got, err := e.ContainerExecInspect(ctx, first); err != nil || got.Running || got.ExitCode != 5 {
			t.Errorf("after its end: %+v, %v", got, err)
		}
		second, out := begin()
		if _, err := io.ReadFull(out, hello); err != nil {
			t.Error(err)
		}
		if err := e.Kill(id); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(out); err != nil {
			t.Error(err)
		}
		if got, err := e.ContainerExecInspect(ctx, second); err != nil || got.Running || got.ExitCode != 137 {
			t.Errorf("after the container's end: %+v, %v", got, err)
		}
		if _, err := e.ContainerExecCreate(ctx, id, container.ExecOptions{Cmd: []string{"true"}}); !errdefs.IsConflict(err) {
			t.Errorf("in a container that does not run: %v", err)
		}
		var told []string
		for _, ev := range e.Recorded() {
			if code := ev.Actor.Attributes["exitCode"]; ev.Actor.Attributes["execID"] != "" {
				told = append(told, string(ev.Action)+code)
			}
		}
		want := []string{
			"exec_create: say hello", "exec_start: say hello", "exec_die5",
			"exec_create: say hello", "exec_start: say hello", "exec_die137",
		}
		if !slices.Equal(told, want) {
			t.Errorf("events %q", told)
		}
	})
}
