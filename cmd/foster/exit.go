package main

import (
	"errors"
	"fmt"
	"io"

	"foster/spec"
)

// The exit codes that foster chooses itself. A child's own code is passed on
// when the restart policy or the budget ends the run; see state.ExitRefused
// for what the engine refuses.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUnavailable = 69  // EX_UNAVAILABLE: the engine cannot be reached
	exitConfig      = 78  // EX_CONFIG: the configuration is wrong
	exitSignal      = 128 // plus the signal's number: the second signal
)

// exitError is an end with a code. Err is nil when there is nothing to say
// that the log has not said.
type exitError struct {
	Code int
	Err  error
}

func (e *exitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

func (e *exitError) Unwrap() error { return e.Err }

// exitCode maps an end to the process's exit code, and prints what the
// operator still has to be told.
func exitCode(err error, stderr io.Writer) int {
	var problems spec.Problems
	var exit *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintf(stderr, "foster: %s\n", p)
		}
		return exitConfig
	case errors.As(err, &exit):
		if exit.Err != nil {
			fmt.Fprintf(stderr, "foster: %v\n", exit.Err)
		}
		return exit.Code
	default:
		fmt.Fprintf(stderr, "foster: %v\n", err)
		return exitFailure
	}
}
