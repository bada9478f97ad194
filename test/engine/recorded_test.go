package engine_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"foster/test/engine"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
)

// script does to an engine in memory what was done to a real one.
type script struct {
	t *testing.T
	*engine.Engine
}

func (s script) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s script) refused(err error) {
	s.t.Helper()
	if err == nil {
		s.t.Fatal("done, but the engine refuses that")
	}
}

func (s script) network(name, driver string) {
	_, err := s.AddNetwork(name, network.CreateOptions{Driver: driver, Attachable: driver == "overlay"})
	s.must(err)
}

// make creates a container on networks; the first is its network mode.
func (s script) make(name string, networks ...string) {
	s.t.Helper()
	host := &container.HostConfig{}
	endpoints := map[string]*network.EndpointSettings{}
	for i, n := range networks {
		if i == 0 {
			host.NetworkMode = container.NetworkMode(n)
		}
		if !host.NetworkMode.IsContainer() {
			endpoints[n] = nil
		}
		if i > 0 {
			continue
		}
		_, err := s.Make(engine.Container{Name: name, Config: &container.Config{Image: "lab/busybox:1"}, Host: host, Endpoints: endpoints})
		s.must(err)
	}
	if len(networks) == 0 {
		_, err := s.Make(engine.Container{Name: name, Config: &container.Config{Image: "lab/busybox:1"}})
		s.must(err)
		return
	}
	for _, n := range networks[1:] {
		s.must(s.Join(n, name, nil))
	}
}

func (s script) run(name string, networks ...string) {
	s.t.Helper()
	s.make(name, networks...)
	s.must(s.Start(name))
}

func (s script) rmNetworks(names ...string) {
	s.t.Helper()
	for _, n := range names {
		s.must(s.NetworkRemove(s.t.Context(), n))
	}
}

// recordings are the scripts behind the recorded streams, one a file.
var recordings = []struct {
	file string
	node engine.Node
	play func(s script)
}{
	{"bridge-01-create-start-stop-rm", "", func(s script) {
		s.network("br1", "bridge")
		s.run("c1", "br1")
		s.must(s.Stop("c1"))
		s.must(s.Start("c1"))
		s.must(s.Restart("c1"))
		s.must(s.Destroy("c1"))
		s.rmNetworks("br1")
	}},
	{"bridge-02-run-rm-exit0", "", func(s script) {
		s.run("c1")
		s.must(s.Exit("c1", 0))
		s.must(s.Destroy("c1"))
	}},
	{"bridge-04-kill-stop-ignored-term", "", func(s script) {
		s.Behave("c1", engine.Process{IgnoreTerm: true})
		s.run("c1")
		s.must(s.Signal("c1", 1))
		s.must(s.Stop("c1"))
		s.must(s.Start("c1"))
		s.must(s.Kill("c1"))
		s.must(s.Destroy("c1"))
	}},
	{"bridge-05-pause-rename-update-exec", "", func(s script) {
		s.run("c1")
		s.must(s.Pause("c1"))
		s.must(s.Unpause("c1"))
		s.must(s.Rename("c1", "c1new"))
		s.must(s.Destroy("c1new"))
	}},
	{"bridge-06-oom", "", func(s script) {
		s.run("c1")
		s.must(s.OOM("c1"))
		s.must(s.Destroy("c1"))
	}},
	{"bridge-07-health-status", "", func(s script) {
		s.run("c1")
		s.must(s.SetHealth("c1", "unhealthy"))
		s.must(s.SetHealth("c1", "healthy"))
		s.must(s.SetHealth("c1", "healthy"))
		s.must(s.Destroy("c1"))
	}},
	{"bridge-08-network-connect-disconnect-running", "", func(s script) {
		s.network("br1", "bridge")
		s.network("br2", "bridge")
		s.run("c1", "br1")
		s.must(s.Join("br2", "c1", nil))
		s.must(s.Cut("br2", "c1"))
		s.must(s.Join("br2", "c1", nil))
		s.must(s.NetworkDisconnect(s.t.Context(), "br2", "c1", true))
		s.must(s.Cut("br1", "c1"))
		s.must(s.Join("br1", "c1", nil))
		s.must(s.Join("br2", "c1", nil))
		s.must(s.Destroy("c1"))
		s.rmNetworks("br1", "br2")
	}},
	{"bridge-09-network-connect-disconnect-stopped", "", func(s script) {
		s.network("br1", "bridge")
		s.network("br2", "bridge")
		s.make("c1", "br1")
		s.must(s.Join("br2", "c1", nil))
		s.must(s.Cut("br2", "c1"))
		s.must(s.Join("br2", "c1", nil))
		s.must(s.NetworkDisconnect(s.t.Context(), "br2", "c1", true))
		s.must(s.Join("br2", "c1", nil))
		s.must(s.Start("c1"))
		s.must(s.Stop("c1"))
		s.must(s.Destroy("c1"))
		s.rmNetworks("br1", "br2")
	}},
	{"bridge-10-two-networks-stop-start-rmf", "", func(s script) {
		s.network("br1", "bridge")
		s.network("br2", "bridge")
		s.run("c1", "br1", "br2")
		s.must(s.Stop("c1"))
		s.must(s.Start("c1"))
		s.must(s.Restart("c1"))
		s.must(s.Destroy("c1"))
		s.rmNetworks("br1", "br2")
	}},
	{"bridge-12-start-fails-bad-command", "", func(s script) {
		s.Behave("c1", engine.Process{StartError: engine.NoCommand})
		s.make("c1")
		s.refused(s.Start("c1"))
		s.must(s.Destroy("c1"))
	}},
	{"bridge-13-start-fails-network-gone", "", func(s script) {
		s.network("br1", "bridge")
		s.make("c1", "br1")
		s.rmNetworks("br1")
		s.refused(s.Start("c1"))
		s.must(s.Destroy("c1"))
	}},
	{"bridge-14-network-rm-in-use", "", func(s script) {
		s.network("br1", "bridge")
		s.run("c1", "br1")
		s.refused(s.NetworkRemove(s.t.Context(), "br1"))
		s.must(s.Destroy("c1"))
		s.rmNetworks("br1")
	}},
	{"bridge-16-disconnect-f-unknown-container", "", func(s script) {
		s.network("br1", "bridge")
		s.run("c1")
		s.refused(s.Cut("br1", "c1"))
		s.refused(s.NetworkDisconnect(s.t.Context(), "br1", "nosuch", true))
		s.must(s.Join("br1", "c1", nil))
		s.refused(s.Join("br1", "c1", nil))
		s.must(s.Destroy("c1"))
		s.rmNetworks("br1")
	}},
	{"overlay-01-standalone-run-stop-start-rmf.n3", engine.Worker, func(s script) {
		s.network("ov1", "overlay")
		s.run("c1", "ov1")
		s.must(s.Stop("c1"))
		s.must(s.Start("c1"))
		s.must(s.Destroy("c1"))
	}},
	{"overlay-02-connect-disconnect-running.n3", engine.Worker, func(s script) {
		s.network("ov1", "overlay")
		s.run("c1")
		for range 2 {
			s.must(s.Join("ov1", "c1", nil))
			s.must(s.Cut("ov1", "c1"))
		}
		s.must(s.Join("ov1", "c1", nil))
		s.must(s.Destroy("c1"))
	}},
	{"overlay-17-docker-restart-standalone.n3", engine.Worker, func(s script) {
		s.network("ov1", "overlay")
		s.run("ww", "ov1")
		s.Down(false) // the recording begins with a running container
		s.Up()
		s.must(s.Start("ww"))
		s.ForgetEvents()
		for range 4 {
			s.must(s.Restart("ww"))
		}
	}},
}

func TestEventsAreThoseOfTheRecordings(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.file, func(t *testing.T) {
			want := readRecording(t, r.file)
			synctest.Test(t, func(t *testing.T) {
				e := engine.New(engine.Options{Node: r.node})
				defer e.Close()
				e.AddImage("lab/busybox:1", engine.Image{})
				r.play(script{t, e})
				compare(t, short(e.Recorded()), short(want))
			})
		})
	}
}

func TestNetworkModes(t *testing.T) {
	want := readRecording(t, "bridge-15-network-modes-none-host-container")
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(engine.Options{})
		defer e.Close()
		e.AddImage("lab/busybox:1", engine.Image{})
		s := script{t, e}
		for _, mode := range []string{"none", "host"} {
			s.run("c1", mode)
			s.must(s.Destroy("c1"))
		}
		s.run("c1")
		s.run("c2", "container:c1")
		// What follows in the recording are two removals at once.
		got := short(e.Recorded())
		compare(t, got, short(want)[:len(got)])
	})
}

func readRecording(t *testing.T, name string) []events.Message {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out []events.Message
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var ev events.Message
		if err := json.Unmarshal(lines.Bytes(), &ev); err != nil {
			t.Fatal(err)
		}
		out = append(out, ev)
	}
	return out
}

// short writes one line an event: type, action and what tells events apart.
// Left out is what the engine in memory has no calls for: attach, exec, update.
// The order of one container's networks is the engine's whim, so neighbours
// that differ in nothing else are sorted.
func short(all []events.Message) []string {
	var out []string
	names := map[string]string{}
	for _, ev := range all {
		a := ev.Actor.Attributes
		switch {
		case ev.Action == "attach" || ev.Action == "update" || strings.HasPrefix(string(ev.Action), "exec_"):
			continue
		case ev.Type == "container":
			names[ev.Actor.ID] = "c"
		}
		line := fmt.Sprintf("%s %s %s", ev.Type, ev.Action, a["name"])
		for _, key := range []string{"type", "exitCode", "signal", "oldName"} {
			if v := a[key]; v != "" {
				line += " " + key + "=" + v
			}
		}
		if id := a["container"]; id != "" {
			line += " of " + names[id]
		}
		out = append(out, line)
	}
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && verb(out[to]) != "" && verb(out[to]) == verb(out[from]) {
			to++
		}
		slices.Sort(out[from:to])
		from = to
	}
	return out
}

func verb(line string) string {
	for _, v := range []string{"network connect", "network disconnect"} {
		if strings.HasPrefix(line, v) {
			return v
		}
	}
	return ""
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("events:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
