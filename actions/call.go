package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"foster/state"
)

// The deadlines of engine calls. A paused or overloaded engine answers late or
// never, without an error; these bound the wait. They are above what a healthy
// engine needs in its worst case, because a late success costs more to put right
// than waiting does.
const (
	// inspectTimeout: inspect waits for the object's lock, which an exit being
	// handled holds for some 100 ms.
	inspectTimeout = 10 * time.Second
	// createTimeout: create copies image content into new volumes, which a slow
	// disk stretches.
	createTimeout = 60 * time.Second
	// joinTimeout is for each overlay network: the engine waits up to 20 s for
	// a manager's answer.
	joinTimeout = 25 * time.Second
	// connectTimeout: joinTimeout, and the sandbox's own work on a busy node.
	connectTimeout = joinTimeout + 15*time.Second
	// startTimeout: what a start takes beside its networks (image mounts, the
	// runtime, port mappings).
	startTimeout = 60 * time.Second
	// stopMargin comes on top of the child's grace: after SIGKILL the engine
	// gives the exit 10 s before it answers.
	stopMargin = 10*time.Second + 5*time.Second
	// removeTimeout: taking a container's file systems and networks down.
	removeTimeout = 30 * time.Second
	// networkTimeout: making and removing a network sets up firewall rules.
	networkTimeout = 30 * time.Second
	// volumeTimeout: a volume driver may ask a server.
	volumeTimeout = 60 * time.Second
	// parentTimeout: finding the parent is one or two inspects.
	parentTimeout = 2 * inspectTimeout
	// authTimeout: a credential helper may ask a cloud service for a token.
	authTimeout = 30 * time.Second
	// pullStall: a pull has no deadline of its own, but an engine that reports
	// nothing for this long does not pull any more. Checking a layer of some
	// gigabytes is the longest silence of a healthy one.
	pullStall = 5 * time.Minute
)

// The short retries: a socket that a restarting engine has not opened yet, an
// engine that says it is not ready. All else goes back to the core at once,
// which knows the longer delays.
const (
	retryFirst   = 100 * time.Millisecond
	retryMost    = time.Second
	retryElapsed = 5 * time.Second
)

// call runs one engine call under a deadline. An error after the end of ctx or
// of the deadline is that end, whatever words the transport has for it.
func call(ctx context.Context, timeout time.Duration, f func(context.Context) error) error {
	cctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := f(cctx)
	if end := cctx.Err(); err != nil && end != nil && !errors.Is(err, end) {
		return fmt.Errorf("%w: %w", end, err)
	}
	return err
}

// attempt is call with the short retries.
func attempt(ctx context.Context, v Verb, timeout time.Duration, f func(context.Context) error) error {
	maybe := false
	err := retry(ctx, v, func() error {
		err := call(ctx, timeout, f)
		maybe = maybe || lost(err)
		return err
	})
	if err != nil && maybe && mayHaveHappened(v) && Classify(v, err) == state.Transient {
		return &opError{class: state.Unsure, doing: string(v), err: err, hint: "the connection broke before the engine answered"}
	}
	return err
}

// retry repeats f for a few seconds while what it says may be over soon.
func retry(ctx context.Context, v Verb, f func() error) error {
	return backoff.Retry(func() error {
		err := f()
		if _, _, again := judge(v, err); err != nil && !again {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(shortRetry(retryElapsed), ctx))
}

func shortRetry(elapsed time.Duration) backoff.BackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(retryFirst),
		backoff.WithMaxInterval(retryMost),
		backoff.WithMultiplier(2),
		backoff.WithMaxElapsedTime(elapsed),
	)
}

// get is attempt for calls with a result.
func get[T any](ctx context.Context, v Verb, timeout time.Duration, f func(context.Context) (T, error)) (T, error) {
	var got T
	err := attempt(ctx, v, timeout, func(ctx context.Context) (err error) {
		got, err = f(ctx)
		return err
	})
	return got, err
}
