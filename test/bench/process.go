package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"foster/test/lab"
)

// describe says what it is measured on.
func (b *bench) describe(ctx context.Context, r *report) error {
	info, err := b.api().Info(ctx)
	if err != nil {
		return fmt.Errorf("ask the engine about itself: %w", err)
	}
	r.Engine = fmt.Sprintf("Docker %s, API %s, %s, swarm of one", info.ServerVersion, b.api().ClientVersion(), info.Driver)
	r.Machine = fmt.Sprintf("%d × %s, Linux %s, %s", runtime.NumCPU(), processor(), info.KernelVersion, runtime.Version())
	return nil
}

func processor() string {
	raw, _ := os.ReadFile("/proc/cpuinfo") // without it the architecture says enough
	for text := range strings.Lines(string(raw)) {
		if name, ok := strings.CutPrefix(text, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}

// starts measures from foster's process start to the child's start. Foster is a process on the host here.
func (b *bench) starts(ctx context.Context, r *report) error {
	n := networks[0]
	rounds := max(10, b.rounds/2)
	b.say("%d starts of foster", rounds)
	var s samples
	for range rounds {
		with, f, err := b.host(ctx, settings(n)...)
		if err != nil {
			return err
		}
		running, err := b.started(with, childName, f.at)
		if err = errors.Join(err, f.end()); err != nil {
			return err
		}
		s.add(f.at, running)
	}
	r.add(line{What: "foster's start → child running", Rounds: rounds, P50: s.at(50), P95: s.at(95)})
	return nil
}

// idleFor is how long the processor's time is counted, which the kernel tells in hundredths of a second.
const idleFor = time.Minute

// idle measures foster in its image, with one child and nothing to do.
func (b *bench) idle(ctx context.Context, r *report) error {
	b.say("%s of an idle foster", idleFor)
	id, err := b.launch(ctx, networks[0])
	if err != nil {
		return err
	}
	c, err := b.api().ContainerInspect(ctx, id)
	if err != nil {
		return err
	}
	pid := strconv.Itoa(c.State.Pid)
	proc := fmt.Sprintf("/proc/%d/root/proc/%s", b.node.PID(), pid) // the node's own, seen from here
	before, err := lab.ReadUsage(proc)
	if err != nil {
		return err
	}
	from := time.Now()
	if err := lab.Pause(ctx, idleFor); err != nil {
		return err
	}
	after, err := lab.ReadUsage(proc)
	if err != nil {
		return err
	}
	share := 100 * float64(after.Processor-before.Processor) / float64(time.Since(from))
	status, err := b.node.Exec(ctx, "cat", "/proc/"+pid+"/status", "/proc/"+pid+"/smaps_rollup")
	if err != nil {
		return err
	}
	rss, err := kilobytes(status, "Rss")
	if err != nil {
		return err
	}
	anonymous, err := kilobytes(status, "Anonymous")
	if err != nil {
		return err
	}
	r.add(line{What: "memory, idle, one child: RSS", Value: rss / 1000, Unit: "MB", Budget: 20})
	r.add(line{What: "  of it anonymous", Value: anonymous / 1000, Unit: "MB"})
	r.add(line{What: "processor, idle, one child", Value: share, Unit: "%", Budget: 0.1})
	return b.end(ctx, id)
}

// kilobytes finds a value in the kernel's "Name:   123 kB" lines; its kB are of 1024 bytes, the result's of 1000.
func kilobytes(text, name string) (float64, error) {
	for l := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(l, name+":"); ok {
			n, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return n * 1.024, err
		}
	}
	return 0, fmt.Errorf("the kernel tells no %s", name)
}

// image measures what a node has to pull.
func (b *bench) image(ctx context.Context, r *report) error {
	got, err := b.api().ImageInspect(ctx, fosterImage)
	if err != nil {
		return fmt.Errorf("look at the image: %w", err)
	}
	r.add(line{What: "image", Value: float64(got.Size) / 1e6, Unit: "MB", Budget: 16})
	return nil
}
