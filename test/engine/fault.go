package engine

import (
	"context"
	"slices"
	"time"
)

// Verb is a call of the client, by its method's name.
type Verb string

// The calls that an Engine answers.
const (
	Events            Verb = "Events"
	ContainerList     Verb = "ContainerList"
	ContainerInspect  Verb = "ContainerInspect"
	ContainerCreate   Verb = "ContainerCreate"
	ContainerStart    Verb = "ContainerStart"
	ContainerStop     Verb = "ContainerStop"
	ContainerRemove   Verb = "ContainerRemove"
	CopyToContainer   Verb = "CopyToContainer"
	NetworkConnect    Verb = "NetworkConnect"
	NetworkDisconnect Verb = "NetworkDisconnect"
	NetworkCreate     Verb = "NetworkCreate"
	NetworkRemove     Verb = "NetworkRemove"
	NetworkInspect    Verb = "NetworkInspect"
	NetworkList       Verb = "NetworkList"
	VolumeCreate      Verb = "VolumeCreate"
	VolumeInspect     Verb = "VolumeInspect"
	VolumeRemove      Verb = "VolumeRemove"
	ImageInspect      Verb = "ImageInspect"
	ImagePull         Verb = "ImagePull"
)

// Fault is what goes wrong with a call. Delay may stand beside any other
// field; of the rest one is set.
type Fault struct {
	// For limits the fault to calls for one object, as the caller names it;
	// "" means any.
	For string
	// Delay passes before the call is carried out. A caller that gives up
	// earlier has asked for nothing, unless Detached is set.
	Delay time.Duration
	// Detached carries the call out after Delay even when the caller has
	// given up.
	Detached bool
	// Err is the answer, and nothing is carried out.
	Err error
	// LostAnswer is the answer, but the call is carried out.
	LostAnswer error
	// Hang never answers: the caller's context has to end.
	Hang bool
	// Late carries the call out at once and never answers.
	Late bool
}

type fault struct {
	Fault
	left int // calls; negative: for ever
}

// Call is one call that was made.
type Call struct {
	Verb   Verb
	Target string // the container, network, volume or image, as the caller named it
	At     time.Time
}

// Inject makes the next n calls of a verb go wrong; n < 0: all from now on.
// Faults of one verb are used up in the order in which they were injected.
func (e *Engine) Inject(verb Verb, n int, f Fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults[verb] = append(e.faults[verb], &fault{Fault: f, left: n})
}

// Heal forgets the faults of these verbs, or of all when none is named. Calls
// that hang go on hanging.
func (e *Engine) Heal(verbs ...Verb) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(verbs) == 0 {
		clear(e.faults)
	}
	for _, verb := range verbs {
		delete(e.faults, verb)
	}
}

// Count is how often a verb was called, answered or not.
func (e *Engine) Count(verb Verb) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, c := range e.calls {
		if c.Verb == verb {
			n++
		}
	}
	return n
}

// Calls lists all calls since New or the last ForgetCalls, oldest first.
func (e *Engine) Calls() []Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

// ForgetCalls sets every counter back to 0.
func (e *Engine) ForgetCalls() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = nil
}

// take counts a call and finds what is to go wrong with it.
func (e *Engine) take(verb Verb, target string) Fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, Call{Verb: verb, Target: target, At: time.Now()})
	if e.isClosed {
		return Fault{Err: errClosed}
	}
	for i, f := range e.faults[verb] {
		if f.For != "" && f.For != target {
			continue
		}
		if f.left > 0 {
			if f.left--; f.left == 0 {
				e.faults[verb] = slices.Delete(e.faults[verb], i, i+1)
			}
		}
		return f.Fault
	}
	if e.down {
		return Fault{Err: Refused}
	}
	return Fault{}
}

// serve answers one call: carryOut does the work, a fault gets in its way.
func serve[T any](ctx context.Context, e *Engine, verb Verb, target string, carryOut func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	f := e.take(verb, target)
	if f.Detached {
		return detached(ctx, e, f, carryOut)
	}
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return none, ctx.Err()
		case <-e.closed:
			return none, errClosed
		}
	}
	switch {
	case f.Err != nil:
		return none, f.Err
	case f.Hang:
		return none, e.silence(ctx)
	case f.Late:
		_, _ = carryOut()
		return none, e.silence(ctx)
	case f.LostAnswer != nil:
		_, _ = carryOut()
		return none, f.LostAnswer
	}
	return carryOut()
}

// detached lets the engine go on when the caller has gone.
func detached[T any](ctx context.Context, e *Engine, f Fault, carryOut func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	done := make(chan result, 1)
	begun := e.spawn(func() {
		if e.pause(f.Delay) {
			value, err := carryOut()
			done <- result{value, err}
		}
	})
	if !begun {
		return none, errClosed
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-e.closed:
		return none, errClosed
	}
}

// silence waits for the caller to give up.
func (e *Engine) silence(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-e.closed:
		return errClosed
	}
}
