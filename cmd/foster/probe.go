package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// The exit codes of curl for the two ways in which a probe fails.
const (
	probeRefused = 7  // no connection, or no answer in time
	probeFailed  = 22 // an answer of 400 or above
)

func probeCommand(out outside) *cobra.Command {
	var timeout time.Duration
	var seconds float64
	var fail, silent, showError, location bool
	var output string
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Ask a URL once: exit 0 if the answer is below 400 (for healthchecks)",
		Long: `Ask a URL once and exit 0 if the answer is below 400, 22 if it is not and 7 if
there is none. The image has this command under the name curl too, with the
flags that healthchecks use, because stack files written for swarm-launcher
check their child with curl -f.`,
		Example: `  foster probe http://gitlab-ci-runner:9252/metrics

  # in a stack file
  healthcheck:
    test: ["CMD", "curl", "-f", "http://gitlab-ci-runner:9252/metrics"]`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if seconds > 0 {
				timeout = time.Duration(seconds * float64(time.Second))
			}
			return probe(cmd.Context(), out.stdout, args[0], timeout)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&timeout, "timeout", 10*time.Second, "how long to wait for the answer")
	f.Float64VarP(&seconds, "max-time", "m", 0, "the same in seconds, as curl has it")
	f.BoolVarP(&fail, "fail", "f", true, "exit 22 on 400 and above, as always")
	f.BoolVarP(&silent, "silent", "s", true, "say nothing about progress, as always")
	f.BoolVarP(&showError, "show-error", "S", true, "say what went wrong, as always")
	f.BoolVarP(&location, "location", "L", true, "follow redirects, as always")
	f.StringVarP(&output, "output", "o", "", "accepted for curl's sake; the answer's body is never shown")
	return cmd
}

func probe(ctx context.Context, stdout io.Writer, url string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return &exitError{Code: exitConfig, Err: fmt.Errorf("probe: %w", err)}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &exitError{Code: probeRefused, Err: fmt.Errorf("probe: %w", err)}
	}
	defer resp.Body.Close()
	// Read a little, so that a server that hangs in mid-answer is found out.
	if _, err := io.CopyN(io.Discard, resp.Body, 64<<10); err != nil && err != io.EOF {
		return &exitError{Code: probeRefused, Err: fmt.Errorf("probe: read the answer: %w", err)}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return &exitError{Code: probeFailed, Err: fmt.Errorf("probe: %s answers %s", url, resp.Status)}
	}
	_, err = fmt.Fprintf(stdout, "%s\n", resp.Status)
	return err
}
