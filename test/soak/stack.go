package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The labels by which foster's objects are known, and Swarm's. They are written here once more, and not taken from
// foster: a label that changes without its users knowing is a defect.
const (
	labelProject  = "foster.project"
	labelChild    = "foster.child"
	labelLauncher = "foster.launcher"
	labelService  = "com.docker.swarm.service.name"
	labelTaskName = "com.docker.swarm.task.name"
	labelCompose  = "com.docker.compose.project"
)

const (
	stackName   = "soak"
	fosterImage = "foster"
	childImage  = "soak/child:1"
	// sharedNetwork is an attachable overlay that the soak makes: children, tasks and strangers are on it.
	sharedNetwork = "shared"
)

// launcher is one deployment of foster, as the soak wants it.
type launcher struct {
	service  string // of Swarm; "" for the one on a host
	project  string // "" for that of the service and slot
	nodes    []int  // of a global or pinned service, or the host's; nil: wherever Swarm likes
	replicas int    // 0: one on each of nodes
	children []child
}

// child is one container as it has to be.
type child struct {
	name     string
	networks []string // of the engine; with a leading _ those of the project
	aliases  []string // on them, beside its name
	shares   string   // the child whose network namespace it has
	once     bool     // it ends with 0 and stays so, as long as nobody removes it
	checked  bool     // it has a healthcheck
}

// launchers are all that is deployed; the stack file below says the same to Swarm.
func launchers() []*launcher {
	return []*launcher{
		{service: "soak_everywhere", nodes: []int{1, 2, 3}, children: []child{
			{name: "everywhere", networks: []string{"_own", sharedNetwork}},
		}},
		{service: "soak_pair", nodes: []int{1, 3}, children: []child{
			{name: "vpn", networks: []string{"_tunnel"}, aliases: []string{"gate"}, checked: true},
			{name: "app", shares: "vpn"},
			{name: "init", networks: []string{"_store"}, once: true},
			{name: "db", networks: []string{"_store", "_tunnel"}},
			{name: "web", networks: []string{"_store"}},
		}},
		{service: "soak_replica", replicas: 2, children: []child{
			{name: "replica", networks: []string{"_own"}},
		}},
		{service: "soak_pinned", project: "pinned", nodes: []int{2}, replicas: 1, children: []child{
			{name: "pinned", networks: []string{sharedNetwork}},
		}},
		{project: "hosted", nodes: []int{3}, children: []child{
			{name: "tool", networks: []string{"_own"}},
		}},
	}
}

// projectOf is the name of the project that a task of the service launches: slots above the first have their number.
func (l *launcher) projectOf(slot int) string {
	switch {
	case l.project != "":
		return l.project
	case slot > 1:
		return l.service + "-" + strconv.Itoa(slot)
	}
	return l.service
}

// creates says whether foster makes networks for it.
func (l *launcher) creates() bool {
	return slices.ContainsFunc(l.children, func(c child) bool {
		return slices.ContainsFunc(c.networks, func(name string) bool { return strings.HasPrefix(name, "_") })
	})
}

// slotOf reads the slot out of a task's name, SERVICE.SLOT.ID; 0 for a global service, which has a node's ID there.
func slotOf(service, task string) int {
	rest := strings.TrimPrefix(task, service+".")
	slot, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(slot)
	if err != nil {
		return 0
	}
	return n
}

// networkName is the engine's name of one of the child's networks.
func networkName(project, name string) string {
	if strings.HasPrefix(name, "_") {
		return project + name
	}
	return name
}

// settings are what every foster here gets. A stable run is short and the longest pause is short, so that the bound can
// be; the resync has its default, for events have to do it.
var settings = map[string]string{
	"FOSTER_STABLE_AFTER": "2s",
	"FOSTER_BACKOFF_MAX":  "5s",
	"FOSTER_LOG_FORMAT":   "json",
	"FOSTER_LOG_LEVEL":    "debug",
}

// stackFile is what docker stack deploy gets. restart_policy has a shorter delay than the default of 5 s; an update that
// meets a fault goes on.
const stackFile = `version: "3.7"
services:
  everywhere:
    image: foster
    healthcheck: {interval: 5s} # tasks come to run sooner
    networks: [shared]
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
    deploy:
      mode: global
      restart_policy: {delay: 2s}
      update_config: {parallelism: 0, monitor: 1s, failure_action: continue}
    environment:
      LAUNCH_IMAGE: soak/child:1
      LAUNCH_NETWORKS: own
      LAUNCH_EXT_NETWORKS: shared
SETTINGS
  pair:
    image: foster
    healthcheck: {interval: 5s} # tasks come to run sooner
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
    configs: [{source: pair, target: /docker-compose.yml}]
    deploy:
      mode: global
      restart_policy: {delay: 2s}
      update_config: {parallelism: 0, monitor: 1s, failure_action: continue}
      placement: {constraints: ['node.hostname != n2']}
    environment:
SETTINGS
  replica:
    image: foster
    healthcheck: {interval: 5s} # tasks come to run sooner
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
    deploy:
      replicas: 2
      restart_policy: {delay: 2s}
      update_config: {parallelism: 0, monitor: 1s, failure_action: continue}
    environment:
      LAUNCH_IMAGE: soak/child:1
      LAUNCH_NETWORKS: own
SETTINGS
  pinned:
    image: foster
    healthcheck: {interval: 5s} # tasks come to run sooner
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
    deploy:
      replicas: 1
      restart_policy: {delay: 2s}
      update_config: {parallelism: 0, monitor: 1s, failure_action: continue}
      placement: {constraints: ['node.hostname == n2']}
    environment:
      LAUNCH_IMAGE: soak/child:1
      LAUNCH_PROJECT_NAME: pinned
      LAUNCH_EXT_NETWORKS: shared
SETTINGS
REAPnetworks:
  shared: {external: true}
configs:
  pair: {file: pair.yml}
`

// reapService removes orphans: of the replicas that Swarm has moved away from a node on which foster was killed.
const reapService = `  reap:
    image: foster
    healthcheck: {interval: 5s} # tasks come to run sooner
    command: [reap, --watch, --grace, 5s]
    volumes: ['/var/run/docker.sock:/var/run/docker.sock']
    deploy:
      mode: global
      restart_policy: {delay: 2s}
`

// pairFile is the compose file of the service pair: two that share a network namespace, and a chain of three. Each of
// the image's containers has an anonymous volume at /data.
const pairFile = `services:
  vpn:
    image: soak/child:1
    cap_add: [NET_ADMIN]
    networks: {tunnel: {aliases: [gate]}}
    healthcheck: {test: [CMD, test, "!", -e, /tmp/sick], interval: 2s, retries: 2, timeout: 20s}
  app:
    image: soak/child:1
    network_mode: service:vpn
    depends_on: {vpn: {condition: service_healthy}}
  init:
    image: soak/child:1
    command: [once]
    networks: [store]
    volumes: [state:/state]
  db:
    image: soak/child:1
    networks: [store, tunnel]
    volumes: [state:/state]
    depends_on: {init: {condition: service_completed_successfully}}
  web:
    image: soak/child:1
    networks: [store]
    depends_on: {db: {condition: service_started}}
networks: {tunnel: {}, store: {}}
volumes: {state: {}}
`

// deploy hands the stack to Swarm.
func (s *soak) deploy(ctx context.Context) error {
	var lines strings.Builder
	for _, name := range sortedKeys(settings) {
		fmt.Fprintf(&lines, "      %s: %s\n", name, settings[name])
	}
	reap := ""
	if s.reaps {
		reap = reapService
	}
	text := strings.NewReplacer("SETTINGS\n", lines.String(), "REAP", reap).Replace(stackFile)
	dir := filepath.Join(s.o.dir, "stack")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range map[string]string{"stack.yml": text, "pair.yml": pairFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	_, err := s.manager().Docker(ctx, "stack", "deploy", "--resolve-image", "never", "--compose-file", filepath.Join(dir, "stack.yml"), stackName)
	return err
}
