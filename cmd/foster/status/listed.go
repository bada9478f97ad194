package status

import (
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// listed is a container as far as a list knows it: neither exit code nor the
// times of its run.
func listed(l container.Summary) container.InspectResponse {
	name := ""
	for _, n := range l.Names {
		if strings.Count(n, "/") == 1 { // the others are links
			name = n
		}
	}
	state := &container.State{Status: l.State, Running: l.State == container.StateRunning || l.State == container.StatePaused, Paused: l.State == container.StatePaused}
	for words, health := range map[string]string{"(healthy)": container.Healthy, "(unhealthy)": container.Unhealthy, "(health: starting)": container.Starting} {
		if strings.Contains(l.Status, words) {
			state.Health = &container.Health{Status: health}
		}
	}
	c := container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{ID: l.ID, Name: name, State: state, Created: time.Unix(l.Created, 0).UTC().Format(time.RFC3339)},
		Config:            &container.Config{Image: l.Image, Labels: l.Labels}, NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{}},
	}
	if l.NetworkSettings != nil {
		c.NetworkSettings.Networks = l.NetworkSettings.Networks
	}
	return c
}
