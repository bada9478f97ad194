package actions

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"foster/spec"
	"foster/state"
)

// shown is a container as an inspect shows it.
type shown struct {
	running bool
	mode    container.NetworkMode
	ports   []string
	env     []string
	on      map[string]string // network -> address
}

func (p shown) inspect(id string) container.InspectResponse {
	c := container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{ID: id, State: &container.State{Running: p.running}, HostConfig: &container.HostConfig{NetworkMode: p.mode}},
		Config:            &container.Config{Env: p.env, ExposedPorts: nat.PortSet{}},
		NetworkSettings:   &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{}},
	}
	for _, port := range p.ports {
		c.Config.ExposedPorts[nat.Port(port)] = struct{}{}
	}
	for name, address := range p.on {
		ep := &network.EndpointSettings{EndpointID: "e", IPAddress: address}
		if strings.Contains(address, ":") {
			ep.IPAddress, ep.GlobalIPv6Address = "", address
		}
		c.NetworkSettings.Networks[name] = ep
	}
	return c
}

// probing is an engine with containers, and what is dialled in it.
type probing struct {
	*stub
	mu      sync.Mutex
	shownAs map[string]shown
	dialed  []string
	answer  func(address string) error
}

func newProbing(t *testing.T, shownAs map[string]shown) *probing {
	p := &probing{stub: &stub{t: t}, shownAs: shownAs, answer: openPort}
	p.inspect = func(ctx context.Context, id string) (container.InspectResponse, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if found, ok := p.shownAs[id]; ok {
			return found.inspect(id), ctx.Err()
		}
		return container.InspectResponse{}, notFound("No such container: " + id)
	}
	p.connect = func(_ context.Context, _, _ string, s *network.EndpointSettings) error {
		if s.GwPriority >= 0 {
			t.Errorf("foster's gateway may move: %+v", s)
		}
		return nil
	}
	p.disconnect = func(ctx context.Context, _, _ string, force bool) error {
		if !force || ctx.Err() != nil {
			t.Errorf("disconnect with force=%v, %v", force, ctx.Err())
		}
		return nil
	}
	return p
}

func (p *probing) change(id string, change func(*shown)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.shownAs[id]
	change(&now)
	p.shownAs[id] = now
}

// reply says what connections meet from now on.
func (p *probing) reply(answer func(address string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func openPort(string) error   { return nil }
func closedPort(string) error { return errors.New("connection refused") }

func (p *probing) dial(ctx context.Context, proto, address string) (net.Conn, error) {
	if _, ok := ctx.Deadline(); !ok || proto != "tcp" {
		p.t.Errorf("dial %s without a deadline", proto)
	}
	p.mu.Lock()
	p.dialed = append(p.dialed, address)
	answer := p.answer
	p.mu.Unlock()
	if err := answer(address); err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	_ = far.Close() // whatever the service does with it
	return near, nil
}

// self makes the options of a runner in a container; "" is outside.
func (p *probing) self(id string) func(*Config) {
	return func(c *Config) { c.Self, c.Dial = id, p.dial }
}

// calls are those that change something, and those about foster itself.
func (p *probing) changes() string {
	var out []string
	for _, call := range strings.Split(p.told(), ", ") {
		if !strings.HasPrefix(call, "inspect") {
			out = append(out, call)
		}
	}
	return strings.Join(out, ", ")
}

func TestProbe(t *testing.T) {
	up := shown{running: true, ports: []string{"443/tcp", "80/tcp", "53/udp"}, on: map[string]string{"back": "10.0.0.9", "front": "10.0.1.9", "z": "1.1.1.1"}}
	with := func(change func(*shown)) shown {
		p := up
		change(&p)
		return p
	}
	for _, tc := range []struct {
		name  string
		child shown
		gone  bool
		class state.Class
		words string
		dials string
	}{
		{name: "lowest port, first network", child: up, class: state.OK, dials: "10.0.1.9:80"},
		{name: "second network", child: with(func(p *shown) { p.on = map[string]string{"back": "fd00::9"} }), class: state.OK, dials: "[fd00::9]:80"},
		{name: "no port", child: with(func(p *shown) { p.ports = nil }), class: state.OK},
		{name: "UDP only", child: with(func(p *shown) { p.ports = []string{"53/udp"} }), class: state.OK},
		{name: "port by name", child: with(func(p *shown) { p.env = []string{"X=1", "HEALTHCHECK_TCP_PORT=2376"} }), class: state.OK, dials: "10.0.1.9:2376"},
		{name: "no address", child: with(func(p *shown) { p.on = nil }), class: state.Transient, words: "no address"},
		{name: "not running", child: with(func(p *shown) { p.running = false }), class: state.Gone, words: "not running"},
		{name: "gone", gone: true, class: state.Gone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newProbing(t, map[string]shown{"c1": tc.child})
			if tc.gone {
				p.shownAs = nil
			}
			d := run(t, p, project(), p.self("")).done(t, state.Probe{Op: 1, Child: "web", ID: "c1"})
			check(t, d, tc.class, "c1", tc.words)
			if got := strings.Join(p.dialed, " "); got != tc.dials {
				t.Errorf("dialled %q, want %q", got, tc.dials)
			}
			if p.changes() != "" {
				t.Errorf("calls: %s", p.told())
			}
		})
	}
}

// TestProbeWaits: until the port is open, the time is over, or the container is.
func TestProbeWaits(t *testing.T) {
	up := shown{running: true, ports: []string{"80/tcp"}, on: map[string]string{"front": "10.0.1.9"}}
	for _, tc := range []struct {
		name   string
		after  time.Duration // until change
		change func(*probing)
		class  state.Class
		words  string
		took   time.Duration // at most this and two pauses
	}{
		{"opens", 2 * time.Second, func(p *probing) { p.reply(openPort) }, state.OK, "", 2 * time.Second},
		{"never opens", time.Hour, func(*probing) {}, state.Transient, "takes no connection within 30s", DefaultServiceTimeout},
		{"dies", 5 * time.Second, func(p *probing) { p.change("c1", func(c *shown) { c.running = false }) }, state.Gone, "not running", 6 * time.Second},
		{"another address", 5 * time.Second, func(p *probing) {
			p.reply(func(address string) error {
				if address == "10.0.1.77:80" {
					return nil
				}
				return closedPort(address)
			})
			p.change("c1", func(c *shown) { c.on = map[string]string{"front": "10.0.1.77"} })
		}, state.OK, "", 6 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProbing(t, map[string]shown{"c1": up})
				p.reply(closedPort)
				begin := time.Now()
				timer := time.AfterFunc(tc.after, func() { tc.change(p) })
				defer timer.Stop()
				check(t, run(t, p, project(), p.self("")).done(t, state.Probe{Op: 1, Child: "web", ID: "c1"}), tc.class, "c1", tc.words)
				if took := time.Since(begin); took > tc.took+2*probePause || took < tc.took-probeLook {
					t.Errorf("it took %s, want %s", took, tc.took)
				}
				if looks := strings.Count(p.told(), "inspect"); looks > int(tc.took/probeLook)+2 {
					t.Errorf("%d looks in %s", looks, tc.took)
				}
			})
		})
	}
}

// TestProbeFrom: foster goes where it has to, and only there.
func TestProbeFrom(t *testing.T) {
	for _, tc := range []struct {
		name    string
		self    shown
		calls   string
		class   state.Class
		connect error
		words   string
	}{
		{name: "elsewhere", self: shown{mode: "bridge", on: map[string]string{"bridge": "172.17.0.2"}}, calls: "connect front me, disconnect front me"},
		{name: "there", self: shown{mode: "front", on: map[string]string{"front": "10.0.1.2"}}},
		{name: "the host's network", self: shown{mode: "host"}},
		{name: "a task in the host's network", self: shown{mode: "default", on: map[string]string{"host": ""}}},
		{name: "in another's network", self: shown{mode: "container:vpn"}, calls: "connect front vpn, disconnect front vpn"},
		{name: "no such network", self: shown{mode: "bridge"}, connect: notFound("network front not found"), calls: "connect front me", class: state.Transient, words: "own container"},
		{name: "refused", self: shown{mode: "none"}, connect: invalid("private (none) mode"), calls: "connect front me, disconnect front me", class: state.Transient, words: "own container"},
		{name: "taken there meanwhile", self: shown{mode: "bridge"}, connect: forbidden("endpoint with name x already exists in network front"), calls: "connect front me", class: state.Transient, words: "own container"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newProbing(t, map[string]shown{
				"c1": {running: true, ports: []string{"80/tcp"}, on: map[string]string{"front": "10.0.1.9"}}, "me": tc.self, "vpn": {mode: "bridge"},
			})
			if tc.connect != nil {
				p.connect = func(context.Context, string, string, *network.EndpointSettings) error { return tc.connect }
			}
			check(t, run(t, p, project(), p.self("me")).done(t, state.Probe{Op: 1, Child: "web", ID: "c1"}), tc.class, "c1", tc.words)
			if p.changes() != tc.calls {
				t.Errorf("calls: %s", p.told())
			}
			if (len(p.dialed) == 1) != (tc.class == state.OK) {
				t.Errorf("dialled %q", p.dialed)
			}
		})
	}
}

// TestProbesShareOneVisit: foster is on the network while one of them lasts,
// and no longer; also when they are given up.
func TestProbesShareOneVisit(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			up := shown{running: true, ports: []string{"80/tcp"}, on: map[string]string{"front": "10.0.1.9"}}
			p := newProbing(t, map[string]shown{"c1": up, "c2": up, "me": {mode: "bridge"}})
			p.reply(closedPort)
			connect := p.connect
			p.connect = func(ctx context.Context, net, id string, s *network.EndpointSettings) error {
				p.change(id, func(c *shown) { c.on = map[string]string{net: "10.0.1.2"} })
				if err := wait(ctx, time.Second); err != nil {
					return err
				}
				return connect(ctx, net, id, s)
			}
			pr := project()
			pr.Children = append(pr.Children, spec.Child{Name: "web2", Endpoints: pr.Children[0].Endpoints})
			r := run(t, p, pr, p.self("me"))
			r.in <- state.Probe{Op: 1, Child: "web", ID: "c1"}
			r.in <- state.Probe{Op: 2, Child: "web2", ID: "c2"}
			time.Sleep(5 * time.Second)
			if p.changes() != "connect front me" {
				t.Errorf("calls: %s", p.told())
			}
			want := state.OK
			if cancel {
				want = state.Canceled
				r.in <- state.Cancel{Op: 1}
			} else {
				p.reply(openPort)
			}
			if d := r.await(t); d.Class != want {
				t.Errorf("%+v", d)
			}
			if cancel {
				if p.changes() != "connect front me" {
					t.Errorf("the other probe lost its network: %s", p.told())
				}
				r.in <- state.Cancel{Op: 2}
			}
			if d := r.await(t); d.Class != want {
				t.Errorf("%+v", d)
			}
			if p.changes() != "connect front me, disconnect front me" {
				t.Errorf("calls: %s", p.told())
			}
		})
	}
}

// TestProbeCanceledOnTheWay: what an engine may still carry out is undone.
func TestProbeCanceledOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbing(t, map[string]shown{"c1": {running: true, ports: []string{"80/tcp"}, on: map[string]string{"front": "10.0.1.9"}}, "me": {mode: "bridge"}})
		p.connect = func(ctx context.Context, _, _ string, _ *network.EndpointSettings) error {
			return wait(ctx, time.Minute)
		}
		r := run(t, p, project(), p.self("me"))
		r.in <- state.Probe{Op: 1, Child: "web", ID: "c1"}
		time.Sleep(time.Second)
		r.in <- state.Cancel{Op: 1}
		check(t, r.await(t), state.Canceled, "c1", "")
		if p.changes() != "connect front me, disconnect front me" || len(p.dialed) > 0 {
			t.Errorf("calls: %s, dialled %q", p.told(), p.dialed)
		}
	})
}
