package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// restFor is how long the processor's time is counted while nothing happens, and maxAtRest what part of a core a foster
// may use then: one that asks and asks without changing anything is hot too, and shows in no event.
const (
	restFor   = 3 * time.Second
	maxAtRest = 0.05
)

// instance is one foster that runs.
type instance struct {
	Node    string  `json:"node"`
	Service string  `json:"service"`
	RSS     int64   `json:"rssBytes"`
	Seconds float64 `json:"cpuSeconds"`
	Age     float64 `json:"ageSeconds"`
	Rest    float64 `json:"cpuAtRest"` // of one core

	proc string // its directory in /proc, as this machine sees it
}

// usage measures every foster, and fails for one that does not rest.
func (s *soak) usage(ctx context.Context) error {
	var all []*instance
	for _, n := range s.nodes {
		ask, cancel := context.WithTimeout(ctx, callTimeout)
		list, err := n.Client().ContainerList(ask, container.ListOptions{})
		if err != nil {
			cancel()
			return fmt.Errorf("measure: %w", err)
		}
		for _, c := range list {
			if c.Labels[labelLauncher] == "" || c.Labels[labelService] == "" {
				continue
			}
			full, err := n.Client().ContainerInspect(ask, c.ID)
			if err != nil {
				cancel()
				return fmt.Errorf("measure: %w", err)
			}
			all = append(all, &instance{
				Node: n.Name, Service: c.Labels[labelService],
				proc: fmt.Sprintf("/proc/%d/root/proc/%d", n.PID(), full.State.Pid),
			})
		}
		cancel()
	}
	if pid := s.host.running(); pid > 0 {
		all = append(all, &instance{Node: "host", Service: "hosted", proc: fmt.Sprintf("/proc/%d", pid)})
	}
	before := make([]float64, len(all))
	for i, in := range all {
		if err := in.read(); err != nil {
			return err
		}
		before[i] = in.Seconds
	}
	from := time.Now()
	if err := lab.Pause(ctx, restFor); err != nil {
		return context.Cause(ctx)
	}
	for i, in := range all {
		if err := in.read(); err != nil {
			return err
		}
		in.Rest = (in.Seconds - before[i]) / time.Since(from).Seconds()
		s.report.Instances = append(s.report.Instances, *in)
		if in.Rest > maxAtRest {
			s.ledger.breach(place{in.Node, in.Service, ""}, "hot: it uses %.1f %% of a core while nothing happens", 100*in.Rest)
		}
	}
	return context.Cause(ctx)
}

// read reads the process's time, age and memory.
func (in *instance) read() error {
	u, err := lab.ReadUsage(in.proc)
	if err != nil {
		return fmt.Errorf("measure %s on %s: %w", in.Service, in.Node, err)
	}
	uptime, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return err
	}
	now, err := strconv.ParseFloat(strings.Fields(string(uptime))[0], 64)
	if err != nil {
		return err
	}
	in.Seconds, in.Age, in.RSS = u.Processor.Seconds(), now-u.Born.Seconds(), u.RSS
	return nil
}
