package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"foster/report"
)

// described is a metric of the project.
func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("foster_"+name, help, labels, nil)
}

var (
	projectInfo = described("project_info", "Always 1; the label is the project that foster watches over.", "project")
	started     = described("start_time_seconds", "When this foster was started, as a Unix time.")
	healthy     = described("healthy", "1 when Swarm shall leave the task alone, as /healthz says.")
	ready       = described("ready", "1 when every child is whole or has completed, as /readyz says.")
	stage       = described("stage", "Always 1; the label is the present stage of the project: opening, standby, up, away, closing or closed.", "stage")
	streamUp    = described("engine_stream_up", "1 when the engine's event stream is open.")

	childInfo      = described("child_info", "Always 1; the labels describe the child.", "child", "container", "image")
	childUp        = described("child_up", "1 when the child's container runs.", "child")
	childWhole     = described("child_whole", "1 when it runs, on all its networks, and is healthy if it has a healthcheck.", "child")
	childCompleted = described("child_completed", "1 when its work is done and it is not to be started again.", "child")
	childUnhealthy = described("child_unhealthy", "1 when its healthcheck gave up.", "child")
	childStarted   = described("child_start_time_seconds", "When its present run began, as a Unix time; absent when it does not run.", "child")
	childWanted    = described("child_attachments_wanted", "Networks that it is to be attached to.", "child")
	childPresent   = described("child_attachments_present", "Networks that it is attached to.", "child")
	childBackoff   = described("child_backoff_seconds", "Time until its next container is tried; 0 when nothing is put off.", "child")
	childAttempts  = described("child_attempts", "Tries to make and start it since it was last stable, those included that failed before there was a container.", "child")
	childFaults    = described("child_faults_total", "Faults of it that were seen.", "child")
	childRecovered = described("child_recoveries_total", "Times that it was whole again.", "child")
	childRestarts  = described("child_restarts_total", "Times that it was whole again in a new container.", "child")
)

// project shows the Board's Status at each scrape.
type project struct{ board *report.Board }

// Describe sends what Collect can send.
func (p *project) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		projectInfo, started, healthy, ready, stage, streamUp,
		childInfo, childUp, childWhole, childCompleted, childUnhealthy, childStarted, childWanted, childPresent,
		childBackoff, childAttempts, childFaults, childRecovered, childRestarts,
	} {
		ch <- d
	}
}

// Collect sends how things are at this moment.
func (p *project) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, n int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	s := p.board.Status(false)
	send(projectInfo, 1, s.Project)
	send(started, unix(s.Foster.Started))
	send(healthy, truth(s.Health.Healthy))
	send(ready, truth(s.Health.Ready))
	send(stage, 1, s.Stage)
	send(streamUp, truth(s.Engine.Stream))
	for _, c := range s.Children {
		present := 0
		for _, a := range c.Attachments {
			if a.State == "attached" {
				present++
			}
		}
		send(childInfo, 1, c.Name, c.ContainerName, c.Image)
		send(childUp, truth(c.Phase == "running"), c.Name)
		send(childWhole, truth(c.Whole), c.Name)
		send(childCompleted, truth(c.Phase == "completed"), c.Name)
		send(childUnhealthy, truth(c.Phase == "running" && c.Health == "unhealthy"), c.Name)
		if !c.Started.IsZero() {
			send(childStarted, unix(c.Started), c.Name)
		}
		send(childWanted, float64(len(c.Attachments)), c.Name)
		send(childPresent, float64(present), c.Name)
		wait := 0.0
		if !c.Retry.IsZero() {
			wait = max(0, c.Retry.Sub(s.Now).Seconds())
		}
		send(childBackoff, wait, c.Name)
		send(childAttempts, float64(c.Attempt), c.Name)
		count(childFaults, c.Faults, c.Name)
		count(childRecovered, c.Recovered, c.Name)
		count(childRestarts, c.Restarts, c.Name)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// unix is a time in seconds; 0 for none.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
