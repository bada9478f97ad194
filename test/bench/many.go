package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"foster/test/lab"
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

func (b *bench) hundred() size { return size{width: 20, rounds: 1, recover: 1.3, memory: 40} }

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

// measured is what the rounds of a project give.
type measured struct {
	launches, wholes, recoveries     samples
	bases, baseWholes, eager, killed samples // the crowd's
	rss, anonymous                   float64
}

// many measures the launch of many children, and their recovery when all are killed at once.
func (b *bench) many(ctx context.Context, r *report, many size) error {
	all := manyServices(many.width)
	b.say("%d launches of %d children", many.rounds, len(all))
	file := filepath.Join(b.work, "many.yaml")
	if err := os.WriteFile(file, []byte(document(all)), 0o600); err != nil {
		return err
	}
	var m measured
	var own *crowd
	for range many.rounds {
		copied, err := b.manyFostered(ctx, &m, all, file, own)
		if err != nil {
			return fmt.Errorf("foster: %w", err)
		}
		own = copied
		if err := own.measure(ctx, b, &m); err != nil {
			return fmt.Errorf("baseline: %w", err)
		}
	}
	n := len(all)
	r.add(versus(fmt.Sprintf("%d children in order: first create → last start", n), m.launches, m.bases, 1.3))
	r.add(versus("  beside all creates at once, then starts in order", m.launches, m.eager, 1.3))
	r.add(versus(fmt.Sprintf("  foster's start → all %d running", n), m.wholes, m.baseWholes, 0))
	r.add(versus(fmt.Sprintf("%d children killed at once → all running", n), m.recoveries, m.killed, many.recover))
	r.add(line{What: fmt.Sprintf("memory, idle, %d children: RSS", n), Value: m.rss / 1000, Unit: "MB", Budget: many.memory})
	r.add(line{What: "  of it anonymous", Value: m.anonymous / 1000, Unit: "MB"})
	return nil
}

// manyFostered is one round of foster's, from its start to its end; own is what an earlier one has copied of its
// children, and the result what this one has.
func (b *bench) manyFostered(ctx context.Context, m *measured, all []service, file string, own *crowd) (_ *crowd, err error) {
	ctx, f, err := b.host(ctx, "FOSTER_FILE="+file, "LAUNCH_PROJECT_NAME="+manyProject, "FOSTER_STABLE_AFTER="+stableAfter.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.phase("foster's end", f.end)) }()
	if err := b.phase("foster's launch", func() error {
		t, err := b.timesOf(ctx, all, service.fostered, f.at)
		if err != nil {
			return err
		}
		m.launches.add(t.created, t.started)
		m.wholes.add(f.at, t.started)
		return t.inOrder(all)
	}); err != nil {
		return nil, err
	}
	if own == nil {
		if own, err = b.crowdLike(ctx, all); err != nil {
			return nil, err
		}
	}
	if m.rss, m.anonymous, err = f.memory(ctx); err != nil {
		return nil, err
	}
	return own, b.phase("foster's recovery of all", func() error {
		t, err := b.killMany(ctx, all)
		m.recoveries.add(t.died, t.started)
		return err
	})
}

// killMany kills all of foster's children at once and waits until all run again.
func (b *bench) killMany(ctx context.Context, all []service) (times, error) {
	at := time.Now().UnixNano()
	if err := together(ctx, len(all), func(ctx context.Context, i int) error {
		return b.killOne(ctx, all[i].fostered(), at)
	}); err != nil {
		return times{}, err
	}
	t, err := b.timesOf(ctx, all, service.fostered, at, "die")
	if err != nil {
		return times{}, err
	}
	return t, lab.Pause(ctx, settled)
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
