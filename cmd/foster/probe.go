package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The exit codes of a probe that fails; curl has more than one for the first.
const (
	probeRefused = 7  // there is no answer
	probeFailed  = 22 // an answer of 400 or above
)

func probeCommand(out outside) *cobra.Command {
	var timeout time.Duration
	var seconds float64
	var fail, silent, showError, location bool
	var output, socket string
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Ask a URL or a port once: exit 0 if it answers (for healthchecks)",
		Long: `Ask once and exit 0 if there is a good answer:

  http://host/path     an answer below 400, redirects followed
  https://host/path    the same, with a certificate that the CA bundle knows
  tcp://host:port      the port takes connections
  unix:///path         the socket takes connections

The image has this command under the name curl too, with the flags that
healthchecks use, because stack files written for swarm-launcher check their
child with curl -f.`,
		Example: `  foster probe http://gitlab-ci-runner:9252/metrics
  foster probe tcp://db:5432
  foster probe --unix-socket /run/app.sock http://localhost/ready

  # in a stack file
  healthcheck:
    test: ["CMD", "curl", "-f", "http://gitlab-ci-runner:9252/metrics"]`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if seconds > 0 {
				timeout = time.Duration(seconds * float64(time.Second))
			}
			if timeout <= 0 {
				return &exitError{Code: exitConfig, Err: fmt.Errorf("probe: nothing answers within %s: give --timeout a time like 5s", timeout)}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return probe(ctx, out.stdout, args[0], socket)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&timeout, "timeout", 10*time.Second, "how long to wait for the answer")
	f.Float64VarP(&seconds, "max-time", "m", 0, "the same in seconds, as curl has it")
	f.StringVar(&socket, "unix-socket", "", "ask the URL over the socket at `PATH`, as curl has it")
	f.BoolVarP(&fail, "fail", "f", true, "exit 22 on 400 and above, as always")
	f.BoolVarP(&silent, "silent", "s", true, "say nothing about progress, as always")
	f.BoolVarP(&showError, "show-error", "S", true, "say what went wrong, as always")
	f.BoolVarP(&location, "location", "L", true, "follow redirects, as always")
	f.StringVarP(&output, "output", "o", "", "accepted for curl's sake; the answer's body is never shown")
	endsWith(cmd, `
  0    it answers
  7    there is no answer: no name, no connection, no TLS, none in time
  22   the answer is 400 or above
  78   the URL or a flag is wrong
`)
	return cmd
}

// probe asks once. socket is the unix socket to ask a URL over, "" for its host.
func probe(ctx context.Context, stdout io.Writer, target, socket string) error {
	if !strings.Contains(target, "://") {
		target = "http://" + target // as curl takes it
	}
	u, err := url.Parse(target)
	if err != nil {
		var wrong *url.Error
		if errors.As(err, &wrong) {
			err = wrong.Err // without the URL, which may hold a password
		}
		return &exitError{Code: exitConfig, Err: fmt.Errorf("probe: the URL is wrong: %w", err)}
	}
	switch {
	case u.Scheme == "tcp" && u.Port() != "" && u.Path == "":
		err = connect(ctx, stdout, "tcp", u.Host)
	case u.Scheme == "unix" && u.Host == "" && u.Path != "":
		err = connect(ctx, stdout, "unix", u.Path)
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		err = fetch(ctx, stdout, u, socket)
	default:
		return &exitError{Code: exitConfig, Err: fmt.Errorf("probe: %s is not to be asked: write http://host/path, https://host/path, tcp://host:port or unix:///path", u.Redacted())}
	}
	if answered := (*exitError)(nil); err == nil || errors.As(err, &answered) {
		return err
	}
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		err = fmt.Errorf("%s does not answer in time", u.Redacted())
	}
	return &exitError{Code: probeRefused, Err: fmt.Errorf("probe: %w", err)}
}

// connect finds out whether somebody listens.
func connect(ctx context.Context, stdout io.Writer, network, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s takes connections\n", address)
	return conn.Close()
}

func fetch(ctx context.Context, stdout io.Writer, u *url.URL, socket string) error {
	client := http.DefaultClient
	if socket != "" {
		client = newAsker(socket, "").client
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err // it has the URL, without its password
	}
	defer resp.Body.Close()
	// Read a little, so that a server that hangs in mid-answer is found out.
	if _, err := io.CopyN(io.Discard, resp.Body, 64<<10); err != nil && err != io.EOF {
		return fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return &exitError{Code: probeFailed, Err: fmt.Errorf("probe: %s answers %s", u.Redacted(), resp.Status)}
	}
	_, err = fmt.Fprintf(stdout, "%s\n", resp.Status)
	return err
}
