package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A project of many children: layers of services, each of which depends on two of the layer before, on one network that
// foster creates.
const (
	manyLayers  = 5
	manyProject = "bench-many"
	pageImage   = "bench/page" // the child of test/demo
)

// size is how many children there are, what is measured how often, and the budgets that the design gives for that many; 0 is none.
type size struct {
	width           int // of each layer
	rounds          int
	recover, memory float64
}

func (b *bench) thirty() size { return size{width: 6, rounds: max(5, b.rounds/4)} }

func (b *bench) hundred() size { return size{width: 20, rounds: 2, recover: 1.3, memory: 40} }

// service is one of the document's, with the indexes of those that it depends on.
type service struct {
	name  string
	needs []int
}

func manyServices(width int) []service {
	var all []service
	for layer := range manyLayers {
		for i := range width {
			s := service{name: fmt.Sprintf("s%d-%d", layer, i)}
			if layer > 0 {
				before := (layer - 1) * width
				s.needs = []int{before + i, before + (i+1)%width}
			}
			all = append(all, s)
		}
	}
	return all
}

// document is the compose file.
func document(all []service) string {
	var b strings.Builder
	b.WriteString("services:\n")
	for _, s := range all {
		fmt.Fprintf(&b, "  %s:\n    image: %s\n    pull_policy: never\n    networks: [mesh]\n", s.name, pageImage)
		if len(s.needs) > 0 {
			fmt.Fprintf(&b, "    depends_on: [%s, %s]\n", all[s.needs[0]].name, all[s.needs[1]].name)
		}
	}
	b.WriteString("networks:\n  mesh: {}\n")
	return b.String()
}

// fostered is the container name that foster gives a service.
func (s service) fostered() string { return manyProject + "-" + s.name + "-1" }

// many measures the launch of many children, and their recovery when all are killed at once.
func (b *bench) many(ctx context.Context, r *report, many size) error {
	all, rounds := manyServices(many.width), many.rounds
	b.say("%d launches of %d children", rounds, len(all))
	file := filepath.Join(b.work, "many.yaml")
	if err := os.WriteFile(file, []byte(document(all)), 0o600); err != nil {
		return err
	}
	var launches, wholes, recoveries, bases, baseWholes, eager, replaces samples
	var rss, anonymous float64
	var own *crowd
	for range rounds {
		f, err := b.launchMany(ctx, file)
		if err != nil {
			return err
		}
		t, err := b.timesOf(ctx, all, service.fostered, f.at)
		if err == nil {
			err = t.inOrder(all)
		}
		if err == nil {
			launches.add(t.created, t.started)
			wholes.add(f.at, t.started)
			own, err = b.crowdLike(ctx, all, own)
		}
		if err == nil {
			rss, anonymous, err = memoryOf(ctx, f.cmd.Process.Pid)
		}
		if err == nil {
			t, err = b.killMany(ctx, all)
			recoveries.add(t.died, t.started)
		}
		if err = errors.Join(err, f.end()); err != nil {
			return err
		}

		at := time.Now().UnixNano()
		if t, err = own.launch(ctx, b, true); err != nil {
			return fmt.Errorf("baseline: %w", err)
		}
		bases.add(t.created, t.started)
		baseWholes.add(at, t.started)
		if t, err = own.replace(ctx, b); err != nil {
			return fmt.Errorf("baseline of kill: %w", err)
		}
		replaces.add(t.died, t.started)
		if err := own.remove(ctx, b); err != nil {
			return err
		}
		if t, err = own.launch(ctx, b, false); err != nil {
			return fmt.Errorf("baseline: %w", err)
		}
		eager.add(t.created, t.started)
		if err := own.remove(ctx, b); err != nil {
			return err
		}
	}
	n := len(all)
	r.add(versus(fmt.Sprintf("%d children in order: first create → last start", n), launches, bases, 1.3))
	r.add(versus("  beside all creates at once, then starts in order", launches, eager, 1.3))
	r.add(versus(fmt.Sprintf("  foster's start → all %d running", n), wholes, baseWholes, 0))
	r.add(versus(fmt.Sprintf("%d children killed at once → all running", n), recoveries, replaces, many.recover))
	r.add(line{What: fmt.Sprintf("memory, idle, %d children: RSS", n), Value: rss / 1000, Unit: "MB", Budget: many.memory})
	r.add(line{What: "  of it anonymous", Value: anonymous / 1000, Unit: "MB"})
	return nil
}

// manyFoster is a foster on this machine.
type manyFoster struct {
	cmd *exec.Cmd
	log *bytes.Buffer
	at  int64 // of its process's start
}

func (b *bench) launchMany(ctx context.Context, file string) (*manyFoster, error) {
	f := &manyFoster{cmd: exec.CommandContext(ctx, b.foster), log: &bytes.Buffer{}}
	f.cmd.Env = append(b.node.Env(), "FOSTER_FILE="+file, "LAUNCH_PROJECT_NAME="+manyProject, "FOSTER_STABLE_AFTER="+stableAfter.String())
	f.cmd.Stdout, f.cmd.Stderr = f.log, f.log
	f.cmd.Cancel = func() error { return f.cmd.Process.Signal(syscall.SIGTERM) }
	f.cmd.WaitDelay = time.Minute
	f.at = time.Now().UnixNano()
	return f, f.cmd.Start()
}

// end stops foster, which must take everything down in order.
func (f *manyFoster) end() error {
	err := errors.Join(f.cmd.Process.Signal(syscall.SIGTERM), f.cmd.Wait())
	if err != nil {
		return fmt.Errorf("foster: %w; its log:\n%s", err, f.log.String())
	}
	return nil
}

// times are stamps of many containers: the first that died, the first created, the last started, and each start.
type times struct {
	died, created, started int64
	starts                 []int64
}

// timesOf waits until every container was started after a time.
func (b *bench) timesOf(ctx context.Context, all []service, name func(service) string, after int64, first ...string) (times, error) {
	var t times
	for _, s := range all {
		stamps, err := b.follow(ctx, name(s), after, append(first, "create", "start")...)
		if err != nil {
			return times{}, err
		}
		died, created, started := stamps[0], stamps[len(stamps)-2], stamps[len(stamps)-1]
		if t.created == 0 || created < t.created {
			t.created = created
		}
		if t.died == 0 || died < t.died {
			t.died = died
		}
		t.started = max(t.started, started)
		t.starts = append(t.starts, started)
	}
	return t, nil
}

// inOrder: everyone started after those that it depends on.
func (t times) inOrder(all []service) error {
	for i, s := range all {
		for _, j := range s.needs {
			if t.starts[i] <= t.starts[j] {
				return fmt.Errorf("%s started %s before %s, which it depends on", s.name, time.Duration(t.starts[j]-t.starts[i]), all[j].name)
			}
		}
	}
	return nil
}

// killMany kills all of foster's children at once and waits until all run again.
func (b *bench) killMany(ctx context.Context, all []service) (times, error) {
	at := time.Now().UnixNano()
	if err := b.together(len(all), func(i int) error { return b.api().ContainerKill(ctx, all[i].fostered(), "KILL") }); err != nil {
		return times{}, fmt.Errorf("kill the children: %w", err)
	}
	t, err := b.timesOf(ctx, all, service.fostered, at, "die")
	if err != nil {
		return times{}, fmt.Errorf("after the kill of all: %w", err)
	}
	return t, pause(ctx, settled)
}

// together runs work for each index at once.
func (b *bench) together(n int, work func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = work(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// idleBefore is how long a process rests before its memory is read.
const idleBefore = 3 * time.Second

// memoryOf reads a process of this machine, in kB of 1000 bytes.
func memoryOf(ctx context.Context, pid int) (rss, anonymous float64, err error) {
	if err := pause(ctx, idleBefore); err != nil {
		return 0, 0, err
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return 0, 0, fmt.Errorf("read foster's memory: %w", err)
	}
	if rss, err = kilobytes(string(text), "Rss"); err != nil {
		return 0, 0, err
	}
	anonymous, err = kilobytes(string(text), "Anonymous")
	return rss, anonymous, err
}

// pages builds the image of the many children.
func (b *bench) pages(ctx context.Context, root string) error {
	dir := filepath.Join(b.work, "page")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "child"), "./test/demo/child")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the demo's child: %w: %s", err, out)
	}
	text := "FROM scratch\nCOPY child /child\nENTRYPOINT [\"/child\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
		return err
	}
	return b.node.Build(ctx, pageImage, dir)
}
