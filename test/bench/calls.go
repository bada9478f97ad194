package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// call makes one call of the engine, within patience. Its error says what was asked, and why ctx ended if it did.
func call(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	err := do(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w: %w", what, context.Cause(ctx), err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// together runs work for each index at once. The first error ends the others' context and is returned.
func together(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var first error
	var once sync.Once
	for i := range n {
		wg.Go(func() {
			if err := work(ctx, i); err != nil {
				once.Do(func() { first = err })
				cancel(err)
			}
		})
	}
	wg.Wait()
	return first
}

// sayEvery is how often a phase under way says so.
const sayEvery = 15 * time.Second

// phase carries out a part of a long measurement: it says how long that took, and while it lasts that it does.
func (b *bench) phase(what string, do func() error) error {
	from := time.Now()
	passed := func() time.Duration { return time.Since(from).Round(100 * time.Millisecond) }
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(sayEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				b.say("  %s: under way for %s", what, passed())
			case <-done:
				return
			}
		}
	})
	err := do()
	close(done)
	wg.Wait()
	if err != nil {
		return fmt.Errorf("%s: after %s: %w", what, passed(), err)
	}
	b.say("  %s: %s", what, passed())
	return nil
}
