package main

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/rs/zerolog"

	"foster/spec"
	"foster/state"
)

func TestStopBudget(t *testing.T) {
	child := func(grace time.Duration, set bool) *spec.Project {
		return &spec.Project{Children: []spec.Child{{Name: "web", Grace: grace, GraceSet: set}}}
	}
	cases := []struct {
		name              string
		configured, found time.Duration
		project           *spec.Project
		want              time.Duration
		warns             string
	}{
		{"nothing known", 0, 0, child(10*time.Second, false), 10 * time.Second, ""},
		{"the child's is set: its stack's is taken to fit", 0, 0, child(time.Minute, true), 63 * time.Second, "taken to be 1m3s"},
		{"the child's is set, and fits into anybody's", 0, 0, child(2*time.Second, true), 10 * time.Second, ""},
		{"a manager knows", 0, 90 * time.Second, child(time.Minute, true), 90 * time.Second, ""},
		{"a manager knows that it does not fit", 0, 10 * time.Second, child(time.Minute, true), 10 * time.Second, "does not fit"},
		{"configured wins", 30 * time.Second, 10 * time.Second, child(20*time.Second, true), 30 * time.Second, ""},
		{"configured does not fit", 30 * time.Second, 0, child(30*time.Second, true), 30 * time.Second, "does not fit"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			if got := stopBudget(c.configured, c.found, true, c.project, zerolog.New(&log)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if said := log.String(); (said != "") != (c.warns != "") || !strings.Contains(said, c.warns) {
				t.Errorf("it said %q, want %q", said, c.warns)
			}
		})
	}
}

func TestCoreConfig(t *testing.T) {
	p := &spec.Project{
		Name:     "p",
		Networks: []spec.Network{{Key: "b", Name: "z"}, {Key: "a", Name: "y", External: true}},
		Children: []spec.Child{
			{
				Name: "web", Hash: "h", StopSignal: "SIGQUIT", Grace: time.Minute, SharesParent: true,
				Endpoints: []spec.Endpoint{{Network: "z"}, {Network: "y"}}, After: []spec.Dependency{{Name: "db"}},
			},
			{Name: "x", StopSignal: "", Grace: 10 * time.Second},
		},
	}
	got := coreConfig(p, settings{Parent: "vpn", ParentExit: true}, 10*time.Second)
	web, x := got.Children[0], got.Children[1]
	if !slices.Equal(web.Networks, []string{"y", "z"}) || got.Networks[0] != (state.NetworkConfig{Name: "y", External: true}) {
		t.Errorf("networks %v of %v: the core wants them sorted", web.Networks, got.Networks)
	}
	if web.StopSignal != 3 || x.StopSignal != 0 {
		t.Errorf("stop signals %d, %d; want 3 and, as only the image knows, 0", web.StopSignal, x.StopSignal)
	}
	if web.Grace != time.Minute || web.FinalGrace != 7*time.Second || x.FinalGrace != 7*time.Second {
		t.Errorf("graces %s, %s, %s", web.Grace, web.FinalGrace, x.FinalGrace)
	}
	if !got.FollowParent || !got.ExitWithParent || !web.SharesParent || web.After[0].Name != "db" {
		t.Errorf("%+v", got)
	}
}

func TestCannotAttach(t *testing.T) {
	cases := []struct {
		n    network.Inspect
		want string
	}{
		{network.Inspect{Scope: "local"}, ""},
		{network.Inspect{Scope: "swarm", Attachable: true}, ""},
		{network.Inspect{Scope: "swarm"}, "not attachable"},
		{network.Inspect{Scope: "swarm", Ingress: true}, "ingress"},
	}
	for _, c := range cases {
		if got := cannotAttach(c.n); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q, want something with %q", c.n, got, c.want)
		}
	}
}

func TestFinalGracesOfAChain(t *testing.T) {
	child := func(name string, grace time.Duration, after ...string) spec.Child {
		c := spec.Child{Name: name, Grace: grace, GraceSet: grace != spec.DefaultGrace}
		for _, a := range after {
			c.After = append(c.After, spec.Dependency{Name: a})
		}
		return c
	}
	// web stops first, then api and its cache, then db; job stops by itself.
	p := &spec.Project{Children: []spec.Child{
		child("db", 20*time.Second), child("cache", 5*time.Second), child("job", 10*time.Second),
		child("api", 10*time.Second, "db", "cache"), child("web", 10*time.Second, "api"),
	}}
	graces := map[string]time.Duration{}
	for _, c := range coreConfig(p, settings{}, 23*time.Second).Children {
		graces[c.Name] = c.FinalGrace
	}
	// web, api and db need 40 s of the 20 s that are left: each gets its half.
	want := map[string]time.Duration{"web": 5 * time.Second, "api": 5 * time.Second, "db": 10 * time.Second, "cache": 4 * time.Second, "job": 10 * time.Second}
	if !maps.Equal(graces, want) {
		t.Errorf("%v, want %v", graces, want)
	}
	if got := stopBudget(0, 0, true, p, zerolog.Nop()); got != 20*time.Second+graceReserve {
		t.Errorf("a project whose configured graces add up to 20 s along a chain needs %s", got)
	}
}
