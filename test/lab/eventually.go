package lab

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// Eventually is Await for a test, which it fails at once when check has not returned nil within timeout. The failure
// says what was awaited, for how long, and what check said last:
//
//	lab.Eventually(t, 5*time.Second, "the child runs again", func() error { … })
func Eventually(t testing.TB, timeout time.Duration, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), timeout, fmt.Errorf("not within %s", timeout))
	defer cancel()
	if err := Await(ctx, what, check); err != nil {
		t.Fatal(err)
	}
}

// The pauses between two looks at a fact: the first, the one that is reached after a second, and the longest, which only
// a slow check has.
const (
	awaitFirst   = 10 * time.Millisecond
	awaitUsual   = 200 * time.Millisecond
	awaitLongest = time.Second
)

// Await calls check until it returns nil, or one of the errors that are final: often at first, about five times a second
// from the second second on. It looks once more when ctx has ended, for the last pause may have been long; after that the
// error says what was awaited and what check said last.
//
// Many wait at the same time: a pause is no shorter than the check before it.
func Await(ctx context.Context, what string, check func() error, final ...error) error {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := awaitFirst; ; wait = min(wait*6/5, awaitUsual) {
		began := time.Now()
		last := check()
		took := time.Since(began)
		if last == nil {
			return nil
		}
		for _, f := range final {
			if errors.Is(last, f) {
				return fmt.Errorf("wait for %s: %w", what, last)
			}
		}
		pause.Reset(max(wait, min(took, awaitLongest)))
		select {
		case <-ctx.Done():
			if check() == nil {
				return nil
			}
			// What it says now may be about the end of ctx.
			return fmt.Errorf("wait for %s: %w (last: %w)", what, context.Cause(ctx), last)
		case <-pause.C:
		}
	}
}

// Pause lets time pass. It returns early when ctx ends, with its error.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
