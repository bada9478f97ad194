package main

import (
	"crypto/rand"
	"time"

	"foster/report"
)

// reported is what a Board knows of a run from its beginning.
func (l *live) reported(engine Engine, began time.Time) report.Config {
	c := report.Config{
		Project: l.project.Name, API: engine.ClientVersion(),
		Foster: report.Foster{
			Instance: rand.Text(), Version: version(), Started: began, Container: l.self.ContainerID,
			Task: l.self.TaskName, Service: l.self.ServiceName, Node: l.self.NodeID, Parent: l.parent.follow,
		},
	}
	infos := map[string]report.ChildInfo{}
	for _, ch := range l.project.Children {
		infos[ch.Name] = report.ChildInfo{ContainerName: ch.ContainerName, Image: ch.Image}
	}
	for _, ch := range l.core.Children {
		c.Children = append(c.Children, infos[ch.Name])
	}
	return c
}
