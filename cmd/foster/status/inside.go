package status

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"sync"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"foster/report"
)

// MaxAnswer is more bytes than any answer of a foster has.
const MaxAnswer = 16 << 20

// Inside asks fosters in containers, by running their own status command there.
// What does not answer, or not as this program understands it, is left out: a
// reaper has the same image, and an old foster has no such command.
func Inside(ctx context.Context, engine Engine, launchers []container.InspectResponse) []report.Status {
	answers := make([]*report.Status, len(launchers))
	slots := make(chan struct{}, atOnce)
	var asking sync.WaitGroup
	for i, c := range launchers {
		asking.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if s, err := inside(ctx, engine, c); err == nil {
				answers[i] = &s
			}
		})
	}
	asking.Wait()
	var found []report.Status
	for _, s := range answers {
		if s != nil {
			found = append(found, *s)
		}
	}
	return found
}

func inside(ctx context.Context, engine Engine, c container.InspectResponse) (report.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, insideTimeout)
	defer cancel()
	program := "/foster"
	if path.Base(c.Path) == "foster" {
		program = c.Path
	}
	made, err := engine.ContainerExecCreate(ctx, c.ID, container.ExecOptions{
		Cmd: []string{program, "status", "--no-engine", "--format", "json"}, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return report.Status{}, fmt.Errorf("ask the foster in %s: %w", c.Name, err)
	}
	conn, err := engine.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return report.Status{}, fmt.Errorf("ask the foster in %s: %w", c.Name, err)
	}
	// A read knows no context: its end is the connection's.
	stop := context.AfterFunc(ctx, conn.Close)
	defer func() {
		if stop() {
			conn.Close()
		}
	}()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, io.Discard, io.LimitReader(conn.Reader, MaxAnswer)); err != nil {
		return report.Status{}, fmt.Errorf("read the answer of the foster in %s: %w", c.Name, err)
	}
	return Decode(out.Bytes())
}

// Decode reads a Status of a foster that may be another version.
func Decode(document []byte) (report.Status, error) {
	var s report.Status
	if err := json.Unmarshal(document, &s); err != nil {
		return s, fmt.Errorf("read a status: %w", err)
	}
	if s.Schema != report.Schema {
		return s, fmt.Errorf("read a status: its schema is %d, this foster knows %d: use the foster that runs", s.Schema, report.Schema)
	}
	return s, nil
}
