package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"

	"foster/spec"
)

// survey is what the checks go by: the configuration, and what the engine says
// when it is asked once. What it would not say is nil, and the checks that
// need it are left out.
type survey struct {
	engine   Engine
	settings settings
	project  *spec.Project
	self     spec.Identity

	api        string
	info       *system.Info
	networks   []network.Summary
	containers []container.Summary // those that do not run too
	services   []swarm.Service     // on managers
	host       host
}

// streamOpens is how long a refusal of the event stream may take.
const streamOpens = 300 * time.Millisecond

// survey asks the engine, and says what it thinks of foster's rights.
func (c *configured) survey(ctx context.Context, engine Engine, self spec.Identity, p *spec.Project) (*survey, []finding) {
	s := &survey{engine: engine, settings: c.settings, project: p, self: self, api: engine.ClientVersion()}
	var found, refused []finding
	refuse := func(what string, needed bool, err error) {
		f := note("rights", "foster could not %s: %v", what, err)
		if needed && (errdefs.IsPermissionDenied(err) || errdefs.IsUnauthorized(err)) {
			f = problem("rights", "foster may not %s, and does not work without: %v", what, err).mend("let the socket's proxy or authorization plugin allow it")
		}
		refused = append(refused, f)
	}
	if info, err := ask(ctx, engine.Info); err != nil {
		refuse("ask the engine about itself (what it has of runtimes, drivers and limits is not checked)", false, err)
	} else {
		s.info = &info
	}
	if v := s.api; versions.LessThan(v, minAPI) {
		found = append(found, problem("engine", "has API %s, which is too old", v).mend("use an engine of at least 20.10 (API %s)", minAPI))
	} else if s.info != nil {
		found = append(found, ok("engine", "is %s with API %s", s.info.ServerVersion, v))
	} else {
		found = append(found, ok("engine", "API %s", v))
	}
	var err error
	if s.containers, err = ask(ctx, func(ctx context.Context) ([]container.Summary, error) {
		return engine.ContainerList(ctx, container.ListOptions{All: true})
	}); err != nil {
		refuse("list containers", true, err)
	}
	if s.networks, err = ask(ctx, func(ctx context.Context) ([]network.Summary, error) {
		return engine.NetworkList(ctx, network.ListOptions{})
	}); err != nil {
		refuse("list networks (subnets that overlap are not found)", false, err)
	}
	if err = subscribe(ctx, engine); err != nil {
		refuse("read the engine's events", true, err)
	}
	if s.manager() {
		if s.services, err = ask(ctx, func(ctx context.Context) ([]swarm.Service, error) {
			return engine.ServiceList(ctx, swarm.ServiceListOptions{})
		}); err != nil {
			refuse("list services (the ports that they publish are not compared)", false, err)
		}
	}
	if len(refused) == 0 {
		refused = append(refused, ok("rights", "foster may list containers and networks and read events"))
	}
	s.host = c.hostView(ctx, s)
	return s, append(found, refused...)
}

// ask makes one call with a deadline.
func ask[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return call(ctx)
}

// subscribe opens the event stream and leaves it.
func subscribe(ctx context.Context, engine Engine) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	now := time.Now()
	messages, errs := engine.Events(ctx, events.ListOptions{Until: fmt.Sprintf("%d.%09d", now.Unix(), now.Nanosecond())})
	// A stream that has begun says nothing until something happens.
	opens := time.NewTimer(streamOpens)
	defer opens.Stop()
	select {
	case <-messages:
	case err := <-errs:
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	case <-opens.C:
	}
	return nil
}

// manager: the node can speak for the swarm.
func (s *survey) manager() bool { return s.info != nil && s.info.Swarm.ControlAvailable }

// worker: the node sees of the swarm only what it takes part in.
func (s *survey) worker() bool {
	return s.info != nil && s.info.Swarm.LocalNodeState == swarm.LocalNodeStateActive && !s.info.Swarm.ControlAvailable
}

// ours: the labels are those of this project.
func (s *survey) ours(labels map[string]string) bool {
	return labels[spec.LabelProject] == s.project.Name || labels[labelComposeProject] == s.project.Name
}

const labelComposeProject = "com.docker.compose.project"

// whose says to whom something belongs that is not this project's.
func (s *survey) whose(labels map[string]string) string {
	if labels[spec.LabelProject] == "" && labels[labelComposeProject] == s.project.Name {
		return "was not made by foster, but by Compose or by hand, for a project of this name"
	}
	for _, key := range []string{spec.LabelProject, labelComposeProject} {
		if project := labels[key]; project != "" {
			return "belongs to project " + project
		}
	}
	if service := labels["com.docker.swarm.service.name"]; service != "" {
		return "belongs to service " + service
	}
	return "is not this project's"
}

// named finds a container by its name.
func (s *survey) named(name string) *container.Summary {
	i := slices.IndexFunc(s.containers, func(c container.Summary) bool { return slices.Contains(c.Names, "/"+name) })
	if i < 0 {
		return nil
	}
	return &s.containers[i]
}

// byID finds a container by its ID.
func (s *survey) byID(id string) *container.Summary {
	i := slices.IndexFunc(s.containers, func(c container.Summary) bool { return id != "" && c.ID == id })
	if i < 0 {
		return nil
	}
	return &s.containers[i]
}

// holder is the own name of a container, without those that links give it.
func holder(c *container.Summary) string {
	for _, n := range c.Names {
		if n = strings.TrimPrefix(n, "/"); n != "" && !strings.Contains(n, "/") {
			return n
		}
	}
	return short(c.ID)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// hostView finds out what of the host foster sees from where it runs.
func (c *configured) hostView(ctx context.Context, s *survey) host {
	inside, err := ownContainer(c.outside.procMountinfo)
	if err != nil {
		return nil
	}
	if s.self.ContainerID != "" {
		own, err := ask(ctx, func(ctx context.Context) (container.InspectResponse, error) {
			return s.engine.ContainerInspect(ctx, s.self.ContainerID)
		})
		if err != nil {
			return nil
		}
		return mounted(own.Mounts)
	}
	name, err := os.Hostname()
	address, _ := environLookup(c.environ, "DOCKER_HOST")
	local := address == "" || strings.HasPrefix(address, "unix://")
	if err != nil || inside != "" || !local || s.info == nil || s.info.Name != name {
		return nil
	}
	return host{{source: "/", here: "/"}}
}
