package main

import (
	"testing"

	dockernet "github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/volume"

	"foster/spec"
	"foster/test/engine"
)

func TestCheckSwarmAndPlace(t *testing.T) {
	s := newSurveyed(t, "")
	document := "services: {web: {image: 'app:1', networks: [over]}}\nnetworks: {over: {driver: overlay}}\n"
	for _, c := range []struct {
		state   swarm.LocalNodeState
		control bool
		want    []string
	}{
		{swarm.LocalNodeStateActive, true, []string{"ok      swarm this node is a manager", "ok      network p_over will be created"}},
		{swarm.LocalNodeStateActive, false, []string{"ok      swarm this node is a worker", "problem network p_over is an overlay to be created, which only a manager can"}},
		{swarm.LocalNodeStateInactive, false, []string{"ok      swarm this node is in none", "problem network p_over is an overlay"}},
		{swarm.LocalNodeStateError, false, []string{"note    swarm this node is not in order: error", "problem network p_over is an overlay"}},
	} {
		s.info.Swarm.LocalNodeState, s.info.Swarm.ControlAvailable = c.state, c.control
		checked{s: s, document: document}.finds(t, c.want...)
	}
}

func TestCheckPlace(t *testing.T) {
	s := newSurveyed(t, "")
	shares := "services: {web: {image: 'app:1', network_mode: task}}\n"
	checked{s: s, document: shares}.finds(t, "problem child web shares foster's network namespace (LAUNCH_NETWORK_MODE=task), but foster runs in no container")
	checked{s: s, document: shares, settings: []string{"FOSTER_PARENT=vpn"}}.finds(t,
		"note    container vpn is not there: foster, which follows it (FOSTER_PARENT), waits for it")
	info := s.inside(t, map[string]string{"com.docker.swarm.task.name": "ci_runner.1.abc"})
	checked{s: s, document: shares, mountinfo: info}.finds(t, "ok      foster is Swarm task ci_runner.1.abc")
}

func TestCheckImages(t *testing.T) {
	const pinned = "pinned@sha256:0123456789012345678901234567890123456789012345678901234567890123"
	s := newSurveyed(t, "1.48")
	s.AddImage(pinned, engine.Image{})
	document := `
services:
  a: {image: "app:1"}
  b: {image: "app:1"}
  c: {image: "gone:1"}
  d: {image: "gone:2", pull_policy: never}
  e: {image: "app:1", pull_policy: always}
  f: {image: "` + pinned + `"}
  g: {image: "app:1", volumes: [{type: image, source: "other:1", target: /x}, {type: image, source: "app:1", target: /y}]}
`
	checked{s: s, document: document}.finds(t,
		"ok      image app:1 is present\n",
		"ok      image app:1 is present, and the registry will be asked for a newer one",
		"note    image gone:1 is not present, it will be pulled",
		"problem image gone:2 is not present, and the pull policy of child d is never: the launch will fail",
		"ok      image "+pinned+" is present, with the digest sha256:0123",
		"note    image other:1 is not present, and child g mounts it",
		"ok      image app:1 is present, to be mounted by child g",
	)
}

func TestImagePlatforms(t *testing.T) {
	s := newSurveyed(t, "")
	document := "services: {a: {image: 'app:1', platform: linux/s390x}, b: {image: 'app:1', platform: linux/s390x, pull_policy: never}}\n"
	checked{s: s, document: document}.finds(t,
		"note    image app:1 is present for linux/amd64 only, not for linux/s390x, it will be pulled",
		"problem image app:1 is present for linux/amd64 only, not for linux/s390x, and the pull policy of child b is never",
	)
	s.info.Architecture = "aarch64"
	checked{s: s, document: plainDocument}.finds(t, "note    image app:1 is present, but made for amd64, and this engine's machine is aarch64")
}

func TestCheckNames(t *testing.T) {
	s := newSurveyed(t, "")
	document := "services: {web: {image: 'app:1'}, db: {image: 'app:1'}, other: {image: 'app:1'}}\n"
	s.someone(t, "p-web-1", map[string]string{spec.LabelProject: "p", spec.LabelChild: "web"})
	s.someone(t, "p-db-1", map[string]string{"com.docker.compose.project": "shop"})
	checked{s: s, document: document}.finds(t,
		"ok      child web runs already, made from other settings: it will be replaced",
		"problem container name p-db-1 is held by container ",
		"ok      container names 1 is free",
	)
	if err := s.Destroy("p-db-1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop("p-web-1"); err != nil {
		t.Fatal(err)
	}
	live := s.someone(t, "another", nil)
	s.someone(t, "p-db-1", map[string]string{spec.LabelProject: "p", spec.LabelChild: "db", spec.LabelParent: live})
	checked{s: s, document: document}.finds(t,
		"ok      child web has a container that does not run: it will be replaced",
		"note    child db is looked after by another foster, in container another",
	)

	// Asked from within the foster that looks after it.
	s = newSurveyed(t, "")
	info := s.inside(t, nil)
	own, err := s.Look("self")
	if err != nil {
		t.Fatal(err)
	}
	s.someone(t, "p-db-1", map[string]string{spec.LabelProject: "p", spec.LabelChild: "db", spec.LabelParent: own.ID})
	checked{s: s, document: document, mountinfo: info}.finds(t, "ok      child db runs already, made from other settings: it will be replaced")
}

func TestCheckOwners(t *testing.T) {
	s := newSurveyed(t, "")
	document := "services: {a: {image: 'app:1', network_mode: 'container:gate'}, b: {image: 'app:1', pid: 'container:dead'}, c: {image: 'app:1', ipc: 'container:none'}}\n"
	s.someone(t, "gate", nil)
	s.someone(t, "dead", nil)
	if err := s.Exit("dead", 1); err != nil {
		t.Fatal(err)
	}
	checked{s: s, document: document}.finds(t,
		"ok      container gate runs, for child a",
		"note    container dead does not run: child b waits for it",
		"note    container none is not there: child c waits for it",
	)
}

func TestCheckNetworks(t *testing.T) {
	s := newSurveyed(t, "")
	add := func(name string, o dockernet.CreateOptions) {
		t.Helper()
		if _, err := s.AddNetwork(name, o); err != nil {
			t.Fatal(err)
		}
	}
	pool := func(subnet string) *dockernet.IPAM {
		return &dockernet.IPAM{Config: []dockernet.IPAMConfig{{Subnet: subnet}}}
	}
	add("closed", dockernet.CreateOptions{Driver: "overlay"})
	add("open", dockernet.CreateOptions{IPAM: pool("10.9.0.0/24")})
	add("p_ours", dockernet.CreateOptions{Labels: map[string]string{spec.LabelProject: "p"}})
	add("p_theirs", dockernet.CreateOptions{Labels: map[string]string{"com.docker.compose.project": "shop"}})
	add("p_composed", dockernet.CreateOptions{Labels: map[string]string{"com.docker.compose.project": "p"}})
	add("far", dockernet.CreateOptions{Driver: "overlay", IPAM: pool("10.9.0.0/24")}) // addresses of its own
	s.someone(t, "neighbour", nil)
	if err := s.Join("open", "neighbour", &dockernet.EndpointSettings{IPAMConfig: &dockernet.EndpointIPAMConfig{IPv4Address: "10.9.0.7"}}); err != nil {
		t.Fatal(err)
	}
	document := `
services:
  a: {image: "app:1", networks: {closed: {}, open: {ipv4_address: 10.9.0.7}, gone: {}}}
  b: {image: "app:1", networks: {ours: {}, theirs: {}, composed: {}, narrow: {}, open: {ipv4_address: 10.8.0.1}}}
  c: {image: "app:1", networks: {open: {ipv4_address: 10.9.0.1}, fresh: {}, exotic: {}}}
networks:
  closed: {external: true, name: closed}
  open: {external: true, name: open}
  gone: {external: true, name: gone}
  ours: {}
  theirs: {}
  composed: {}
  fresh: {}
  narrow: {ipam: {config: [{subnet: 10.9.0.128/25}]}}
  exotic: {driver: weave}
`
	checked{s: s, document: document}.finds(t,
		"problem network closed is not attachable, so only services may use it; create it with --attachable",
		"ok      network open is there",
		"note    network gone is not to be seen here: it must exist by the launch",
		"ok      network p_ours is there already, from this project",
		"problem network p_theirs is to be created, but is there already and belongs to project shop; declare it external",
		"problem network p_composed is to be created, but is there already and was not made by foster, but by Compose or by hand, for a project of this name; declare it external",
		"ok      network p_fresh will be created",
		"problem network p_narrow is to have subnet 10.9.0.128/25, which overlaps with 10.9.0.0/24 of network open",
		"problem address 10.9.0.7 of child a is held by container neighbour on network open",
		"problem address 10.8.0.1 of child b is in none of the subnets of network open: [10.9.0.0/24]",
		"problem address 10.9.0.1 of child c is the gateway of network open",
		"note    network p_exotic has driver weave, which the engine does not list",
	)
	s.info.Swarm.LocalNodeState = swarm.LocalNodeStateActive
	checked{s: s, document: "services: {a: {image: 'app:1', networks: [gone]}}\nnetworks: {gone: {external: true, name: gone}}\n"}.finds(t,
		"note    network gone is not to be seen here: a worker sees an overlay only while something on it uses it")
}

func TestCheckVolumes(t *testing.T) {
	s := newSurveyed(t, "")
	for name, o := range map[string]volume.CreateOptions{
		"there":    {},
		"p_ours":   {Driver: "local", Labels: map[string]string{spec.LabelProject: "p"}},
		"p_theirs": {Driver: "local", Labels: map[string]string{spec.LabelProject: "shop"}},
		"p_other":  {Driver: "local", Labels: map[string]string{spec.LabelProject: "p"}},
	} {
		o.Name = name
		if _, err := s.VolumeCreate(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	s.ForgetCalls()
	document := `
services: {a: {image: "app:1", volumes: ["there:/1", "gone:/2", "ours:/3", "theirs:/4", "other:/5", "fresh:/6", "exotic:/7"]}}
volumes:
  there: {external: true, name: there}
  gone: {external: true, name: gone}
  ours: {}
  theirs: {}
  other: {driver_opts: {type: tmpfs, device: tmpfs}}
  fresh: {}
  exotic: {driver: rexray}
`
	checked{s: s, document: document}.finds(t,
		"ok      volume there is there",
		"problem volume gone is external and not there; create it with docker volume create gone",
		"ok      volume p_ours is there already, from this project",
		"note    volume p_theirs is there already and belongs to project shop: it will be used as it is",
		"note    volume p_other is there already, made with another driver or other options",
		"ok      volume p_fresh will be created",
		"note    volume p_exotic has driver rexray, which the engine does not list",
	)
}
