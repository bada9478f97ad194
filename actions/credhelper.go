package actions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	helper "github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/docker/docker/api/types/registry"
)

// askHelper runs the credential helper docker-credential-<suffix> from PATH;
// nil: it knows nothing of the registry. What a helper prints stays out of
// errors, whatever it is.
func askHelper(ctx context.Context, suffix, where, host string) (*login, error) {
	program := "docker-credential-" + suffix
	var run *helperRun
	got, err := helper.Get(func(args ...string) helper.Program {
		run = newHelperRun(ctx, program, args)
		return run
	}, serverAddress(host))
	what := fmt.Sprintf("credential helper %s for registry %s (named in %s)", program, host, where)
	switch {
	case credentials.IsErrCredentialsNotFound(err):
		return nil, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s has not answered, it was ended: %w", what, ctx.Err())
	case errors.Is(run.err, exec.ErrNotFound):
		return nil, fmt.Errorf("%w: %s is not on foster's PATH: put it there, or mend credsStore and credHelpers", errdefs.ErrInvalidArgument, what)
	case run.err != nil:
		return nil, fmt.Errorf("%s failed (%w): run it by hand to see why", what, run.err)
	case err != nil:
		return nil, fmt.Errorf("%w: %s does not print credentials: run it by hand to see what it prints", errdefs.ErrInvalidArgument, what)
	case got.Secret == "":
		return nil, nil
	}
	found := &login{registry.AuthConfig{ServerAddress: serverAddress(host)}, fmt.Sprintf("%s (named in %s)", program, where)}
	if got.Username == "<token>" { // the helpers' sign that the secret is a token
		found.IdentityToken = got.Secret
	} else {
		found.Username, found.Password = got.Username, got.Secret
	}
	return found, nil
}

// helperRun is a helper's process that ends with its context, and all that it
// started with it; the one of the helpers' own library knows no context.
type helperRun struct {
	cmd *exec.Cmd
	err error // of the run
}

var _ helper.Program = (*helperRun)(nil)

func newHelperRun(ctx context.Context, program string, args []string) *helperRun {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // what has left the group may hold the pipes open
	return &helperRun{cmd: cmd}
}

func (h *helperRun) Input(in io.Reader) { h.cmd.Stdin = in }

// Output gives standard output also after a failure: it holds the reason there.
func (h *helperRun) Output() ([]byte, error) {
	var out bytes.Buffer
	h.cmd.Stdout = &out
	h.err = h.cmd.Run()
	return out.Bytes(), h.err
}
