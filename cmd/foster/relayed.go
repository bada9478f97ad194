package main

import (
	"time"

	"foster/output"
)

// lastLines is how long foster's end waits for the reader of its output.
const lastLines = time.Second

// lossWords are told once somebody reads foster's output again.
const lossWords = "log lines were lost: nobody took foster's output for too long"

// outputConfig says whose output is relayed, and to where.
func (c *configured) outputConfig(engine Engine, live *live, sink *output.Sink) output.Config {
	cfg := output.Config{
		Engine: engine, Sink: sink, Project: live.project.Name, Self: live.self.ContainerID, Service: live.self.ServiceName,
		Follows: live.parent.follow != "", Precedes: precedes(live.project.Name, live.self, live.environ), Log: c.log,
		Colored: isTerminal(c.outside.stdout) && !set(c.outside.environ, "NO_COLOR"),
	}
	names := live.containers()
	for _, ch := range live.core.Children {
		cfg.Children = append(cfg.Children, output.Child{Name: ch.Name, ContainerName: names[ch.Name]})
	}
	return cfg
}
