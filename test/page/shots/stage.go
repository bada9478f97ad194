package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"foster/report"
	"foster/test/lab"
)

const (
	project    = "shop"
	childImage = "shop/service:1.4"
	patience   = time.Minute
	// between is the pause from a recovery to the next fault: a run that was
	// stable, and a bar of its own on the axis.
	between = 3 * time.Second
)

// services are the children. The mailer ends at once when its spool is full.
const services = `
services:
  db: {image: "` + childImage + `", networks: [back]}
  web: {image: "` + childImage + `", networks: [front, back], depends_on: [db]}
  worker: {image: "` + childImage + `", networks: [back], depends_on: [db]}
  mailer:
    image: "` + childImage + `"
    networks: [back]
    volumes: ["spool:/spool"]
    command: [sh, -c, "test ! -e /spool/full || exit 3; exec sleep 1000000"]
networks: {front: {}, back: {}}
volumes: {spool: {}}
`

// stage is a foster with its children on an engine of their own.
type stage struct {
	lab  *lab.Lab
	work string // a directory
	cmd  *exec.Cmd
	done <-chan struct{}
	log  bytes.Buffer // foster's; after done
	at   string       // where it serves the page
}

func newStage(ctx context.Context) (s *stage, err error) {
	s = &stage{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.lab, err = lab.Start(ctx, lab.Options{}); err != nil {
		return nil, err
	}
	if s.work, err = os.MkdirTemp("", "foster-screenshots-"); err != nil {
		return nil, err
	}
	child := filepath.Join(s.work, "child")
	dockerfile := "FROM " + lab.BusyboxImage + "\nSTOPSIGNAL SIGKILL\nCMD [\"sleep\", \"1000000\"]\n"
	err = errors.Join(os.Mkdir(child, 0o755), os.WriteFile(filepath.Join(child, "Dockerfile"), []byte(dockerfile), 0o644),
		os.WriteFile(filepath.Join(s.work, "compose.yml"), []byte(services), 0o644))
	if err != nil {
		return nil, err
	}
	if err := s.lab.Node(1).Build(ctx, childImage, child); err != nil {
		return nil, err
	}
	return s, s.launch(ctx)
}

// launch builds foster and starts it beside the engine.
func (s *stage) launch(ctx context.Context) error {
	program := filepath.Join(s.work, "foster")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "foster/cmd/foster")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build foster: %w\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.at = free.Addr().String()
	if err := free.Close(); err != nil {
		return err
	}
	s.cmd = exec.Command(program)
	s.cmd.Dir = s.work
	s.cmd.Env = append(s.lab.Node(1).Env(), "FOSTER_FILE=compose.yml", "LAUNCH_PROJECT_NAME="+project, "FOSTER_STABLE_AFTER=2s", "FOSTER_LISTEN="+s.at)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if s.done, err = lab.Launch(s.cmd); err != nil {
		return err
	}
	return s.until(ctx, "every child is whole", func(st report.Status) bool { return st.Health.Ready })
}

// close takes everything down.
func (s *stage) close() error {
	var errs []error
	if s.done != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // or it has ended
		select {
		case <-s.done:
			if !s.cmd.ProcessState.Success() {
				errs = append(errs, fmt.Errorf("foster ended: %s\n%s", s.cmd.ProcessState, s.log.String()))
			}
		case <-time.After(patience):
			errs = append(errs, errors.New("foster does not end"), s.cmd.Process.Kill())
			<-s.done
		}
	}
	if s.lab != nil {
		errs = append(errs, s.lab.Close())
	}
	if s.work != "" {
		errs = append(errs, os.RemoveAll(s.work))
	}
	return errors.Join(errs...)
}

// status asks foster.
func (s *stage) status(ctx context.Context) (st report.Status, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.at+"/status", nil)
	if err != nil {
		return st, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return st, err
	}
	defer resp.Body.Close()
	return st, json.NewDecoder(resp.Body).Decode(&st)
}

// until waits for a fact.
func (s *stage) until(ctx context.Context, what string, is func(report.Status) bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		st, err := s.status(ctx)
		switch {
		case err == nil && is(st):
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("not within %s: %s (now: %s, %w)", patience, what, st.Health.Reason, err)
		}
		if err := lab.Pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
	}
}

// play makes faults, and lets each be recovered from; at last the mailer ends
// again and again.
func (s *stage) play(ctx context.Context) error {
	node := s.lab.Node(1)
	for i, fault := range [][]string{
		{"kill", project + "-web-1"},
		{"network", "disconnect", project + "_back", project + "-worker-1"},
		{"rm", "-f", project + "-web-1"},
		{"kill", project + "-db-1"},
		{"network", "disconnect", project + "_front", project + "-web-1"},
		{"stop", project + "-worker-1"},
		{"kill", project + "-web-1"},
	} {
		if err := lab.Pause(ctx, between); err != nil {
			return err
		}
		if _, err := node.Docker(ctx, fault...); err != nil {
			return err
		}
		if err := s.until(ctx, "it is recovered from", func(st report.Status) bool { return st.Recoveries.Count > i && st.Health.Ready }); err != nil {
			return err
		}
	}
	if _, err := node.Docker(ctx, "exec", project+"-mailer-1", "touch", "/spool/full"); err != nil {
		return err
	}
	if _, err := node.Docker(ctx, "kill", project+"-mailer-1"); err != nil {
		return err
	}
	return s.until(ctx, "the mailer waits for long", func(st report.Status) bool {
		for _, c := range st.Children {
			if c.Name == "mailer" {
				return time.Until(c.Retry) > 5*time.Second
			}
		}
		return false
	})
}
