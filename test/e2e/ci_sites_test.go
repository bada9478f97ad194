package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
)

// The tests of services that run on every node deploy on a swarm of two.

// nodeImage stands in for ethereum/client-go; see nodeScript.
const nodeImage = "e2e/client-go:1"

// nodeScript takes the arguments of the peer, and says its host name on both of its ports.
const nodeScript = `#!/bin/sh
trap 'exit 0' TERM
hostname >/www/index.html
for a; do
	case $a in
	--port=* | --http.port=*) httpd -p "${a#*=}" -h /www ;;
	--http | --http.addr=0.0.0.0) ;;
	*) exit 64 ;;
	esac
done
while :; do sleep 100000 & wait; done
`

const nodeDockerfile = "FROM " + lab.BusyboxImage + "\nCOPY entrypoint /entrypoint\nENTRYPOINT [\"/entrypoint\"]\n"

// sharedSites are both nodes' engines, the manager's first.
var sharedSites = sync.OnceValues(func() ([]*stackEngine, error) {
	ctx := context.Background()
	l, manager, err := startEngine(ctx, lab.Options{Nodes: 2, Swarm: true})
	if err != nil {
		return nil, err
	}
	atEnd(l.Close)
	worker, err := furnish(ctx, l.Node(2))
	if err != nil {
		return nil, err
	}
	registry, err := manager.Registry(ctx, lab.RegistryOptions{})
	if err != nil {
		return nil, err
	}
	var sites []*stackEngine
	for _, e := range []*engine{manager, worker} {
		site := &stackEngine{engine: e, registry: registry, runner: registry.WireAddr + "/gitlab-runner:alpine"}
		sites = append(sites, site)
		// What stack files mount from below /var is made there by the engine: in a layer of the node.
		if _, err := e.Exec(ctx, "sh", "-ec", `mkdir /run/var /run/var.work
			mount -t overlay -o lowerdir=/var,upperdir=/run/var,workdir=/run/var.work overlay /var`); err != nil {
			return nil, fmt.Errorf("lay a private layer over /var: %w", err)
		}
		if err := errors.Join(
			e.buildStackImage(ctx),
			e.build(ctx, nodeImage, map[string]string{"Dockerfile": nodeDockerfile, "entrypoint": nodeScript}),
		); err != nil {
			return nil, err
		}
		atEnd(func() error { return errors.Join(e.canaryUntouched(ctx), e.noVolumes(ctx)) })
	}
	if err := manager.build(ctx, sites[0].runner, map[string]string{
		"Dockerfile": runnerDockerfile, "entrypoint": runnerScript, "metrics": "gitlab_runner_jobs 0\n",
	}); err != nil {
		return nil, err
	}
	_, err = manager.Docker(ctx, "push", "--quiet", sites[0].runner)
	return sites, err
})

// newSites begins a test of a global service: one stack on the manager, and each
// node's part of it. The manager's is the first.
func newSites(t *testing.T, service string) []*stack {
	t.Helper()
	engines, err := sharedSites()
	if err != nil {
		t.Fatal(err)
	}
	var sites []*stack
	for _, e := range engines {
		w := newWorld(t, e.engine)
		s := &stack{world: w, e: e, unique: w.project, name: w.project}
		if len(sites) > 0 {
			s.name = sites[0].name
		}
		s.launcher(service)
		sites = append(sites, s)
	}
	// The manager's stack ends before the worker's part of it is swept.
	for _, s := range []*stack{sites[1], sites[0]} {
		t.Cleanup(s.sweepStack)
	}
	return sites
}

// awaitSite waits until this node has one task of the service and one child,
// which lives in the task's network namespace and answers the other node: for
// each ":port/path" of this node's address, a text.
func (s *stack) awaitSite(other *stack, answers map[string]string, checks ...check) (task, child container.InspectResponse) {
	s.t.Helper()
	lab.Eventually(s.t, patience, "the child on "+s.Name, func() error {
		ctx := s.t.Context()
		tasks := s.tasks(false)
		children, err := s.Client().ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", spec.LabelProject+"="+s.project))})
		if err != nil || len(tasks) != 1 || len(children) != 1 {
			return errors.Join(fmt.Errorf("there are %d tasks and %d children", len(tasks), len(children)), err)
		}
		if task, err = s.Client().ContainerInspect(ctx, tasks[0].ID); err != nil {
			return err
		}
		if child, err = s.Client().ContainerInspect(ctx, children[0].ID); err != nil {
			return err
		}
		if mode := string(child.HostConfig.NetworkMode); mode != "container:"+task.ID {
			return fmt.Errorf("its network mode is %s", mode)
		}
		for _, check := range append(checks, running, madeBy(task)) {
			if err := check(child); err != nil {
				return err
			}
		}
		for where, want := range answers {
			if err := other.gets("http://"+s.Address()+where, want); err != nil {
				return err
			}
		}
		return nil
	})
	return task, child
}

// gets says whether a URL has a text, seen from this node.
func (s *stack) gets(url, want string) error {
	answer, err := s.HTTP().Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && strings.TrimSpace(string(body)) != want {
		err = fmt.Errorf("%s says %s %q, want %q", url, answer.Status, body, want)
	}
	return err
}

// sitesEnd removes the stack. Each task must end by itself with 0, its child by
// the child's own stop signal; containers and networks go.
func sitesEnd(sites []*stack, tasks, children []container.InspectResponse, signal string) {
	sites[0].t.Helper()
	sites[0].docker("stack", "rm", sites[0].name)
	for i, s := range sites {
		s.taskEnded(tasks[i])
		if code := s.endOf(children[i]); code != "0" {
			s.t.Errorf("the child on %s ended with %s, want 0", s.Name, code)
		}
		if kills := s.rec.All(lab.Container(children[i].ID), lab.Action("kill")); len(kills) != 1 || kills[0].Actor.Attributes["signal"] != signal {
			s.t.Errorf("the child on %s was stopped by %v, want signal %s once", s.Name, kills, signal)
		}
	}
	lab.Eventually(sites[0].t, patience, "no network of the stack", func() error {
		left, err := sites[0].Docker(sites[0].t.Context(), "network", "ls", "--quiet", "--filter", "label=com.docker.stack.namespace="+sites[0].name)
		if err == nil && left != "" {
			err = fmt.Errorf("%q is left", left)
		}
		return err
	})
}

// endOf is the exit code of a child that foster has stopped and removed.
func (s *stack) endOf(child container.InspectResponse) string {
	s.t.Helper()
	ends := s.rec.All(lab.Container(child.ID), lab.Action("die", "destroy"), lab.Type("container"))
	if len(ends) != 2 || ends[0].Action != "die" || ends[1].Action != "destroy" {
		s.t.Errorf("foster has ended, and the end of %s is %v", child.Name, ends)
		return ""
	}
	return ends[0].Actor.Attributes["exitCode"]
}
