package actions

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"foster/spec"
	"foster/state"
)

// madeLabels are those of the child of project(), as package spec writes them.
func madeLabels() map[string]string {
	return map[string]string{
		spec.LabelProject: "p", spec.LabelChild: "web", spec.LabelSpecHash: "h", spec.LabelContainer: "p-web-1", spec.LabelImage: "app:1",
		labelCompose: "p", "com.docker.compose.service": "web", "com.docker.compose.config-hash": "c",
	}
}

// TestTakenPlaces: a start that is refused a port or an address says who has it.
func TestTakenPlaces(t *testing.T) {
	portTaken := internal("driver failed programming external connectivity on endpoint p-web-1 (0a1b): Bind for 0.0.0.0:8080 failed: port is already allocated")
	portBound := internal("failed to set up container networking: driver failed programming external connectivity on endpoint p-web-1 (0a1b): failed to bind host port 0.0.0.0:8080/tcp: address already in use")
	addressTaken := forbidden("Address already in use")
	publishes := func(name, ip string, port uint16, labels map[string]string) container.Summary {
		return container.Summary{ID: "0123456789abcdef-" + name, Names: []string{"/" + name}, Labels: labels, Ports: []container.Port{{IP: ip, PrivatePort: 80, PublicPort: port, Type: "tcp"}}}
	}
	for _, tc := range []struct {
		name    string
		answers []error
		lists   [][]container.Summary // one look after the other; the last stands
		on      map[string]network.EndpointResource
		listErr error
		class   state.Class
		words   []string
		awaited string
	}{
		{
			name: "a port, by a project", answers: []error{portTaken}, lists: [][]container.Summary{{publishes("shop-web-1", "0.0.0.0", 8080, map[string]string{labelCompose: "shop"})}},
			class: state.Foreign, words: []string{"port 8080/tcp is held by container shop-web-1 (0123456789ab) of project shop, which is not this project's: stop it"}, awaited: "0123456789abcdef-shop-web-1",
		},
		{
			name: "a port, by a task", answers: []error{portBound}, lists: [][]container.Summary{{publishes("other", "0.0.0.0", 8081, nil), publishes("x.1.y", "0.0.0.0", 8080, map[string]string{labelSwarmService: "x"})}},
			class: state.Foreign, words: []string{"port 8080/tcp is held by container x.1.y (0123456789ab) of service x"}, awaited: "0123456789abcdef-x.1.y",
		},
		{name: "a port, by a process", answers: []error{portBound}, lists: [][]container.Summary{{publishes("other", "0.0.0.0", 9090, nil)}}, class: state.Foreign, words: []string{"port 8080/tcp, 127.0.0.1:8081-8082/tcp", "a process outside of the engine"}},
		{
			name: "a range", answers: []error{portTaken}, lists: [][]container.Summary{{publishes("a", "127.0.0.1", 8082, nil), publishes("b", "0.0.0.0", 8081, nil)}},
			class: state.Foreign, words: []string{"port 127.0.0.1:8081-8082/tcp is held by container a", "is held by container b"}, awaited: "0123456789abcdef-a 0123456789abcdef-b",
		},
		{name: "one of a range", answers: []error{portTaken}, lists: [][]container.Summary{{publishes("a", "127.0.0.1", 8082, nil)}}, class: state.Foreign, words: []string{"a process outside of the engine"}},
		{name: "on another address", answers: []error{portTaken}, lists: [][]container.Summary{{publishes("a", "127.0.0.2", 8082, nil)}}, class: state.Foreign, words: []string{"a process outside of the engine"}},
		{name: "free when asked", answers: []error{portTaken, nil}, lists: [][]container.Summary{{publishes("a", "", 8080, nil)}, {}}, class: state.OK, awaited: "0123456789abcdef-a"},
		{
			name: "free when asked, again and again", answers: []error{portTaken},
			lists: [][]container.Summary{{publishes("a", "", 8080, nil)}, {}, {publishes("a", "", 8080, nil)}, {}, {publishes("a", "", 8080, nil)}, {}},
			class: state.Foreign, words: []string{"a process"}, awaited: "0123456789abcdef-a 0123456789abcdef-a 0123456789abcdef-a",
		},
		{
			name: "an address", answers: []error{addressTaken}, lists: [][]container.Summary{{{ID: "c9", Names: []string{"/squatter"}}}},
			on:    map[string]network.EndpointResource{"c8": {Name: "neighbour", IPv4Address: "10.0.0.99/24"}, "c9": {Name: "squatter", IPv4Address: "10.0.0.9/24"}},
			class: state.Foreign, words: []string{"address 10.0.0.9 on network back is held by container squatter (c9) of no project: stop it"}, awaited: "c9",
		},
		{
			name: "an address, by one that is not listed", answers: []error{addressTaken}, lists: [][]container.Summary{{}},
			on:    map[string]network.EndpointResource{"lb": {Name: "lb-back", IPv4Address: "10.0.0.9/24"}},
			class: state.Foreign, words: []string{"held by container lb-back (lb)"}, awaited: "lb",
		},
		{name: "an address, by nobody", answers: []error{addressTaken}, lists: [][]container.Summary{{}}, class: state.Foreign, words: []string{"address 10.0.0.9 on network back is taken", "gateway"}},
		{name: "nobody can say", answers: []error{portTaken}, listErr: errors.New("odd"), class: state.Transient, words: []string{"already allocated", "LAUNCH_PORTS"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				starts, looks := 0, 0
				e := &stub{
					t: t,
					start: func(context.Context, string) error {
						starts++
						return tc.answers[min(starts, len(tc.answers))-1]
					},
					list: func(context.Context) ([]container.Summary, error) {
						if tc.listErr != nil {
							return nil, tc.listErr
						}
						looks++
						return tc.lists[min(looks, len(tc.lists))-1], nil
					},
					netInspect: func(_ context.Context, name string) (network.Inspect, error) {
						return network.Inspect{Name: name, Containers: tc.on}, nil
					},
				}
				p := project()
				p.Children[0].Host.PortBindings = nat.PortMap{"80/tcp": {{HostPort: "8080"}}, "81/tcp": {{HostIP: "127.0.0.1", HostPort: "8081-8082"}}, "82/tcp": {{}}}
				var awaited []string
				r := run(t, e, p, func(c *Config) { c.Await = func(id string) { awaited = append(awaited, id) } })
				d := r.done(t, state.Start{Op: 1, Child: "web", ID: "c1"})
				check(t, d, tc.class, "c1", "")
				for _, words := range tc.words {
					if !strings.Contains(d.Detail, words) {
						t.Errorf("detail %q does not say %q", d.Detail, words)
					}
				}
				if d.Class == state.Foreign && strings.Contains(d.Detail, "0a1b") {
					t.Errorf("detail %q is another one at each try", d.Detail)
				}
				if got := strings.Join(awaited, " "); got != tc.awaited {
					t.Errorf("awaited %q, want %q", got, tc.awaited)
				}
			})
		})
	}
}

// TestAttachToATakenAddress: the same for a running child.
func TestAttachToATakenAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &stub{
			t: t,
			connect: func(context.Context, string, string, *network.EndpointSettings) error {
				return forbidden("Address already in use")
			},
			list: func(context.Context) ([]container.Summary, error) { return nil, nil },
			netInspect: func(_ context.Context, name string) (network.Inspect, error) {
				return network.Inspect{Name: name, Containers: map[string]network.EndpointResource{"c9": {Name: "squatter", IPv4Address: "10.0.0.9/24"}}}, nil
			},
		}
		d := run(t, e, project()).done(t, state.Attach{Op: 1, Child: "web", ID: "c1", Network: "back"})
		check(t, d, state.Foreign, "c1", "address 10.0.0.9 on network back is held by container squatter (c9)")
	})
}
