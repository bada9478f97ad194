package watcher

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"foster/state"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// inspected reads a recorded answer and puts our labels on the container.
func inspected(t *testing.T, name string) container.InspectResponse {
	t.Helper()
	raw, err := os.ReadFile("testdata/inspect/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all []container.InspectResponse
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	all[0].Config.Labels[labelChild] = "app"
	all[0].Config.Labels[labelHash] = "h1"
	return all[0]
}

func TestChildFacts(t *testing.T) {
	at := func(text string) time.Time {
		stamp, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return stamp
	}
	const id = "eda783cd6e4ba1dfdd34c86f0037264239f37d1d751c97a8d30221022fef830d"
	running := state.ChildFacts{
		Name: "app", ID: id, Hash: "h1", Status: state.Running,
		Attached: []string{"br1", "ov1"}, Created: at("2026-11-20T23:42:12.152446141Z"), StartedAt: at("2026-11-20T23:42:12.378067487Z"),
	}
	with := func(change func(*state.ChildFacts)) state.ChildFacts {
		facts := running
		change(&facts)
		return facts
	}
	for _, c := range []struct {
		name   string
		file   string
		change func(*container.InspectResponse)
		whole  wholeFunc
		want   state.ChildFacts
	}{
		{name: "running", file: "container-standalone-2-networks-running", want: running},
		{
			name: "after its end the networks stay listed", file: "container-standalone-2-networks-stopped",
			want: with(func(f *state.ChildFacts) {
				f.Status, f.Attached = state.Exited, nil
				f.Code, f.StartedAt = 143, at("2026-11-20T23:42:12.378067487Z")
			}),
		},
		{
			name: "disconnected", file: "container-standalone-after-disconnect-f",
			want: with(func(f *state.ChildFacts) { f.Attached = []string{"br1"} }),
		},
		{
			name: "an endpoint that is not whole", file: "container-standalone-2-networks-running",
			whole: func(child, net string, got *network.EndpointSettings) bool {
				return child == "app" && (net != "ov1" || got.IPAMConfig.IPv4Address == "10.0.16.99")
			},
			want: with(func(f *state.ChildFacts) { f.Attached = []string{"br1"} }),
		},
		{
			name: "an endpoint without ID", file: "container-standalone-2-networks-running",
			change: func(c *container.InspectResponse) { c.NetworkSettings.Networks["br1"].EndpointID = "" },
			want:   with(func(f *state.ChildFacts) { f.Attached = []string{"ov1"} }),
		},
		{
			name: "shared namespace", file: "container-standalone-2-networks-running",
			change: func(c *container.InspectResponse) { c.HostConfig.NetworkMode = "container:x" },
			want:   with(func(f *state.ChildFacts) { f.Attached = nil }),
		},
		{
			name: "host's network", file: "container-standalone-2-networks-running",
			change: func(c *container.InspectResponse) { c.HostConfig.NetworkMode = "host" },
			want:   with(func(f *state.ChildFacts) { f.Attached = nil }),
		},
		{
			name: "paused, sick, once out of memory", file: "container-standalone-2-networks-running",
			change: func(c *container.InspectResponse) {
				c.State.Status, c.State.Paused, c.State.OOMKilled = "paused", true, true
				c.State.Health = &container.Health{Status: "unhealthy"}
			},
			want: with(func(f *state.ChildFacts) { f.Paused, f.OOM, f.Health = true, true, state.Unhealthy }),
		},
		{
			name: "restarting counts as running", file: "container-standalone-2-networks-running",
			change: func(c *container.InspectResponse) { c.State.Status = "restarting" },
			want:   running,
		},
		{
			name: "created", file: "container-standalone-2-networks-running",
			change: func(c *container.InspectResponse) {
				c.State.Status, c.State.StartedAt = "created", "0001-01-01T00:00:00Z"
			},
			want: with(func(f *state.ChildFacts) { f.Status, f.Attached, f.StartedAt = state.Created, nil, time.Time{} }),
		},
		{
			name: "being removed", file: "container-standalone-2-networks-running",
			change: func(c *container.InspectResponse) { c.State.Status, c.State.ExitCode = "removing", 137 },
			want:   with(func(f *state.ChildFacts) { f.Status, f.Attached, f.Code = state.Exited, nil, 137 }),
		},
	} {
		in := inspected(t, c.file)
		if c.change != nil {
			c.change(&in)
		}
		got := childFacts(in, c.whole)
		if c.file != "container-standalone-2-networks-running" {
			got.StartedAt, c.want.StartedAt = time.Time{}, time.Time{}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
	if got := childFacts(container.InspectResponse{}, nil); !reflect.DeepEqual(got, state.ChildFacts{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestHealthOf(t *testing.T) {
	for status, want := range map[string]state.Health{
		"starting": state.HealthStarting, "healthy": state.Healthy, "unhealthy": state.Unhealthy, "none": state.HealthNone, "": state.HealthNone,
	} {
		if got := healthOf(&container.Health{Status: status}); got != want {
			t.Errorf("%q is %v", status, got)
		}
	}
}
