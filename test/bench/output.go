package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

const (
	burstLines = 200_000
	burstLine  = 100 // bytes, with the line feed
	burstMB    = float64(burstLines*burstLine) / 1e6
	// burstRounds are few: each is some seconds of all that the machine has.
	burstRounds = 5
)

// burst is what the child does: lines of one letter as fast as it can, and then nothing.
var burst = []string{"sh", "-c", fmt.Sprintf("yes %s | head -n %d; exec sleep 1000000", strings.Repeat("y", burstLine-1), burstLines)}

// counter takes what somebody reads of a burst, and tells when it has come whole.
type counter struct {
	mu    sync.Mutex
	count int // letters of the burst
	begun time.Time
	whole chan time.Duration // from its first bytes to its last
}

func newCounter() *counter { return &counter{whole: make(chan time.Duration, 1)} }

func (c *counter) Write(p []byte) (int, error) {
	n := bytes.Count(p, []byte("yyyyyyyyy")) * len("yyyyyyyyy") // foster's own lines have none
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 && c.begun.IsZero() {
		c.begun = time.Now()
	}
	// A piece may begin or end within nine letters.
	const all = burstLines * (burstLine - 1) * 99 / 100
	if before := c.count; n > 0 {
		if c.count += n; before < all && c.count >= all {
			c.whole <- time.Since(c.begun)
		}
	}
	return len(p), nil
}

// await waits until the burst has come.
func (c *counter) await(ctx context.Context) (time.Duration, error) {
	select {
	case took := <-c.whole:
		return took, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(patience):
		return 0, fmt.Errorf("the burst was not read within %s", patience)
	}
}

// output measures how fast a burst of a child's comes out of foster, beside docker logs -f of an equal container. Both
// are processes of this machine that write to a pipe, so that nothing but the reading differs.
func (b *bench) output(ctx context.Context, r *report) error {
	rounds := min(b.rounds, burstRounds)
	b.say("%d bursts of %.0f MB of output", rounds, burstMB)
	var relayed, read samples
	most := 0.0
	for range rounds {
		took, err := b.readBurst(ctx)
		if err != nil {
			return fmt.Errorf("docker logs -f: %w", err)
		}
		read = append(read, took)
		took, rss, err := b.relayBurst(ctx)
		if err != nil {
			return fmt.Errorf("relay: %w", err)
		}
		relayed, most = append(relayed, took), max(most, rss)
	}
	r.add(versus(fmt.Sprintf("%.0f MB of output, relayed; baseline docker logs -f", burstMB), relayed, read, 0))
	r.add(line{What: "  relayed", Value: burstMB / relayed.at(50).Seconds(), Unit: "MB/s"})
	r.add(line{What: "  docker logs -f", Value: burstMB / read.at(50).Seconds(), Unit: "MB/s"})
	r.add(line{What: "  memory meanwhile, at most: RSS", Value: most / 1000, Unit: "MB"})
	return nil
}

func (b *bench) relayBurst(ctx context.Context) (took time.Duration, rss float64, err error) {
	c := newCounter()
	file := b.work + "/burst.yaml"
	text := fmt.Sprintf("services: {child: {image: %s, container_name: %s, command: [%q, %q, %q], logging: {driver: json-file}}}\n", childImage, childName, burst[0], burst[1], burst[2])
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return 0, 0, err
	}
	with, f, err := b.hostTo(ctx, c, "FOSTER_FILE="+file, "LAUNCH_PROJECT_NAME="+project)
	if err != nil {
		return 0, 0, err
	}
	took, err = c.await(with)
	if err == nil {
		var status []byte
		if status, err = os.ReadFile(f.proc() + "/status"); err == nil {
			rss, err = kilobytes(string(status), "VmHWM")
		}
	}
	return took, rss, errors.Join(err, f.end())
}

func (b *bench) readBurst(ctx context.Context) (took time.Duration, err error) {
	c, err := b.api().ContainerCreate(ctx, &container.Config{Image: childImage, Cmd: burst}, &container.HostConfig{LogConfig: container.LogConfig{Type: "json-file"}}, nil, nil, baseName)
	if err != nil {
		return 0, fmt.Errorf("create a container: %w", err)
	}
	defer func() { err = errors.Join(err, b.discard(ctx)) }()
	if err := b.api().ContainerStart(ctx, c.ID, container.StartOptions{}); err != nil {
		return 0, fmt.Errorf("start a container: %w", err)
	}
	count := newCounter()
	logs := exec.CommandContext(ctx, "docker", "logs", "--follow", c.ID)
	logs.Env, logs.Stdout = b.node.Env(), count
	done, err := lab.Launch(logs)
	if err != nil {
		return 0, err
	}
	took, err = count.await(ctx)
	_ = logs.Process.Kill() // it follows for ever
	<-done
	return took, err
}
