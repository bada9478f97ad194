package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"foster/test/lab"
)

// instances is how many fosters share one engine, each with a project of its own, as on a node of many services.
const instances = 50

// instanceName is the container name of the child of one of them.
func instanceName(i int) string { return fmt.Sprintf("bench-i%d-web-1", i) }

// instances measures many fosters on one engine: the launch of all at once, the recovery of all children that are killed
// at once, and what they take while nothing happens. Each follows every event of the engine, those of the others too.
func (b *bench) instances(ctx context.Context, r *report) (err error) {
	b.say("%d fosters on one engine", instances)
	whole := ctx // of the fosters: the end of one leaves the others to their orderly end
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all []*hosted
	defer func() {
		for _, f := range all {
			f.stop()
		}
		for _, f := range all {
			err = errors.Join(err, f.end())
		}
	}()
	at := time.Now().UnixNano()
	for i := range instances {
		with, f, err := b.host(whole, "LAUNCH_IMAGE="+pageImage, "LAUNCH_PULL=never", "LAUNCH_PROJECT_NAME=bench-i"+strconv.Itoa(i),
			"LAUNCH_SERVICE_NAME=web", "FOSTER_STABLE_AFTER="+stableAfter.String())
		if err != nil {
			return err
		}
		all = append(all, f)
		context.AfterFunc(with, func() { cancel(context.Cause(with)) }) // any that ends ends the measurement
	}
	var launches, recoveries samples
	for i := range instances {
		running, err := b.started(ctx, instanceName(i), at)
		if err != nil {
			return fmt.Errorf("the launch of many: %w", err)
		}
		launches.add(at, running)
	}
	if err := lab.Pause(ctx, 2*stableAfter); err != nil {
		return err
	}

	at = time.Now().UnixNano()
	if err := together(ctx, instances, func(ctx context.Context, i int) error { return b.killOne(ctx, instanceName(i), at) }); err != nil {
		return fmt.Errorf("kill the children of many: %w", err)
	}
	for i := range instances {
		stamps, err := b.follow(ctx, instanceName(i), at, "die", "create", "start")
		if err != nil {
			return fmt.Errorf("after the kill of many: %w", err)
		}
		recoveries.add(stamps[0], stamps[2])
	}

	var mu sync.Mutex
	var rss, anonymous float64
	before, err := spent(all)
	if err != nil {
		return err
	}
	from := time.Now()
	if err := together(ctx, len(all), func(ctx context.Context, i int) error {
		own, ownAnonymous, err := all[i].memory(ctx)
		mu.Lock()
		defer mu.Unlock()
		rss, anonymous = rss+own, anonymous+ownAnonymous
		return err
	}); err != nil {
		return err
	}
	if err := lab.Pause(ctx, idleFor); err != nil {
		return err
	}
	after, err := spent(all)
	if err != nil {
		return err
	}
	r.add(line{What: fmt.Sprintf("%d fosters at once → their child running", instances), Rounds: len(launches), P50: launches.at(50), P95: launches.at(95)})
	r.add(line{What: "  all children killed at once → running", Rounds: len(recoveries), P50: recoveries.at(50), P95: recoveries.at(95)})
	r.add(line{What: "  memory of one of them: RSS", Value: rss / instances / 1000, Unit: "MB", Budget: 20})
	r.add(line{What: "  of it anonymous", Value: anonymous / instances / 1000, Unit: "MB"})
	r.add(line{What: "  processor, idle, all of them", Value: 100 * float64(after-before) / float64(time.Since(from)), Unit: "%"})
	return nil
}

// spent is the processor time of many fosters.
func spent(all []*hosted) (sum time.Duration, err error) {
	for _, f := range all {
		own, err := lab.ReadUsage(f.proc())
		if err != nil {
			return 0, err
		}
		sum += own.Processor
	}
	return sum, nil
}
