// Package lab starts private Docker Engines for tests, benchmarks and the demo.
//
// A lab is a set of nodes on one wire. A node is a machine in small: its own process, network, mount, host name and
// IPC namespaces, with an engine inside. Killing the first process of a node is a power cut; it takes the engine,
// its containers, mounts, interfaces and firewall rules along. Nothing of a lab is seen by the machine's own engine,
// and nothing of the machine's own engine is seen from a node: /run is empty there, /etc is a private layer, and
// there is no route to anywhere but the other nodes of the lab.
//
//	the machine
//	┌──────────────────────────────────────────────────────────────────────────┐
//	│  test binary ── starts, and takes along when it dies ──┬─────────────┐   │
//	│                                                        v             v   │
//	│   wire (network namespace)        node n1                  node n2       │
//	│   ┌───────────────────────┐       ┌────────────────────┐   ┌──────────┐  │
//	│   │ br0  198.18.x.254/24  │       │ nodeinit (pid 1)   │   │ nodeinit │  │
//	│   │  ├─ p1 ═══════════════╪═ veth ╪ eth0 198.18.x.1    │   │          │  │
//	│   │  └─ p2 ═══════════════╪═══════╪════════════════════╪═══╪ eth0     │  │
//	│   └───────────────────────┘       │ dockerd, containers│   │ dockerd  │  │
//	│                                   └────────────────────┘   └──────────┘  │
//	│   DIR/n1/docker.sock  DIR/n1/dockerd.log  DIR/n1/data  …                 │
//	└──────────────────────────────────────────────────────────────────────────┘
//
// Start with [New] in a test:
//
//	l := lab.New(t, lab.Options{Nodes: 2, Swarm: true})
//	rec := l.Node(1).RecordEvents(t.Context())
//	out, err := l.Node(1).Docker(t.Context(), "run", "-d", lab.BusyboxImage, "sleep", "60")
//
// Wait for facts, never for times: [Eventually] and [Await] poll, [Recorder.Wait] waits for an event. Where a file is:
//
//	lab.go           Options, Start, New, Close          node.go      one node: boot, crash, power
//	engine.go        dockerd: start, stop, kill, pause   wire.go      addresses, cut and heal
//	exec.go          commands in a node, docker CLI      faults.go    signals to container processes
//	images.go        images without a registry           registry.go  a registry inside a node
//	swarm.go         init, join, wait                    events.go    the recorder
//	dial.go, listen.go  connections inside a node       eventually.go  polling
//	record.go        lab.json, Open, leftovers           process.go   processes by pid and birth
//	cgroups.go       what an engine leaves behind        programs.go  the lab's own programs, built and placed
//	prerequisites.go what must be installed              usage.go     what a process uses
//	cmd/nodeinit     the first process of a node         cmd/narrowrunc    runc on machines with fewer rights
//	cmd/lab          a lab by hand
//
// It needs root and the commands of [Prerequisites]. Engines keep their cgroups under one parent per lab,
// on cgroup v1 and v2 alike.
package lab
