package chaos

import (
	"context"
	"errors"
	"time"
)

// How often a child is looked at: after each event, but not more often than
// lookPause; and without any event every lookAnyway.
const (
	lookPause  = 20 * time.Millisecond
	lookAnyway = 250 * time.Millisecond
)

// await looks until check is content. After timeout it returns why the child
// is still not whole, or a LostError when the engine could not even say that.
func (r *runner) await(ctx context.Context, timeout time.Duration, check func(context.Context) error) error {
	limit, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var last error
	for {
		_, changed := r.rec.after(0)
		err := check(limit)
		switch {
		case err == nil, errors.Is(err, errStopped):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case limit.Err() == nil || last == nil:
			last = err // what the deadline itself makes of a call says nothing
		}
		if limit.Err() == nil && pause(limit, lookPause) {
			timer := time.NewTimer(lookAnyway - lookPause)
			select {
			case <-changed:
			case <-timer.C:
			case <-limit.Done():
			}
			timer.Stop()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if limit.Err() != nil {
			if errors.Is(last, errNotWhole) {
				return last
			}
			return &LostError{last}
		}
	}
}
