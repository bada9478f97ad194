package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
)

// slowScript stands in for a server that takes its time: it answers two seconds
// after its start, and /up is from just before that.
const slowScript = `#!/bin/sh
trap 'exit 0' TERM
sleep 2 & wait
touch /up
httpd -p "${PORT:?}" -h /www
while :; do sleep 100000 & wait; done
`

// buildServices builds the stand-ins for the services of the examples, under
// the names that the examples have for them.
func (e *engine) buildServices(ctx context.Context) error {
	var errs []error
	for tag, d := range map[string]string{
		"tutum/wordpress:latest":                    "ENV PORT=80\nEXPOSE 80 443\n",
		"registry.example.org:4999/tutum/wordpress": "ENV PORT=80\nEXPOSE 80 443\n",
		"mysql:8": "ENV PORT=3306\nEXPOSE 33060 3306\nVOLUME /var/lib/mysql\n",
	} {
		name, _, _ := strings.Cut(tag[strings.LastIndex(tag, "/")+1:], ":")
		errs = append(errs, e.build(ctx, tag, map[string]string{
			"Dockerfile": "FROM " + lab.BusyboxImage + "\nCOPY entrypoint /entrypoint\nCOPY page /www/index.html\n" + d + "ENTRYPOINT [\"/entrypoint\"]\n",
			"entrypoint": slowScript, "page": name,
		}))
	}
	return errors.Join(errs...)
}

// TestCIServices deploys services.yml: a runner that finds its services by the
// names of their images, and finds them ready.
func TestCIServices(t *testing.T) {
	t.Parallel()
	s := newVolumeStack(t, (*stack).buildServices)
	dir := t.TempDir()
	for _, name := range []string{"services.yml", "services.compose.yml"} {
		text, err := os.ReadFile(filepath.Join(tree, "examples", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s.dockerCLI("stack", "deploy", "--resolve-image", "never", "--compose-file", filepath.Join(dir, "services.yml"), s.name)
	s.logs.follow(s)
	task := s.awaitTask()
	own := s.net("default")
	wordpress := s.awaitService("runner-tutum-wordpress", madeBy(task), onAlone(own, "tutum__wordpress", "tutum-wordpress"))
	mysql := s.awaitService("runner-mysql", madeBy(task), onAlone(own, "mysql", "db"))
	runner := s.awaitService("runner", madeBy(task), onAlone(own, "runner"))
	s.startedAfter(runner, wordpress, mysql)
	reached := map[string]string{"http://tutum__wordpress/": "wordpress", "http://tutum-wordpress/": "wordpress", "http://mysql:3306/": "mysql", "http://db:3306/": "mysql"}
	s.reaches(runner, reached)

	s.mounts(runner, map[string]string{"/builds": "tmpfs rw,nosuid,nodev", "/cache": s.project + "_cache", "/scratch": "", "/hooks": "/var/storage/docker/ci-hooks ro"})
	s.mounts(mysql, map[string]string{"/var/lib/mysql": "tmpfs rw,nosuid,nodev,noexec", "/docker-entrypoint-initdb.d": "/var/storage/docker/ci-sql ro"})
	if !slices.Contains(mysql.Config.Env, "MYSQL_DATABASE=shop") {
		t.Errorf("the environment of mysql is %q", mysql.Config.Env)
	}

	s.docker("kill", wordpress.ID)
	again := s.awaitService("runner-tutum-wordpress", newer(wordpress), onAlone(own, "tutum__wordpress", "tutum-wordpress"))
	s.reaches(runner, reached)
	s.awaitService("runner", same(runner))
	s.docker("kill", runner.ID)
	runner = s.awaitService("runner", newer(runner), onAlone(own, "runner"))
	s.startedAfter(runner, again, mysql)
	s.reaches(runner, reached)
	s.awaitService("runner-mysql", same(mysql))
	s.visited(task, own)
	s.servicesEnd(task)
}

// TestCIServicesLaunch deploys services-launch.yml: the services are on a network
// that only the runner shares, which keeps its own for everything else.
func TestCIServicesLaunch(t *testing.T) {
	t.Parallel()
	s := newVolumeStack(t, (*stack).buildServices)
	s.deployExample("services-launch.yml")
	task := s.awaitTask()
	own, shared := s.net("amazing"), s.net("runners-services")
	wordpress := s.awaitService("runners-registry.example.org-tutum-wordpress", onAlone(shared, "registry.example.org__tutum__wordpress", "registry.example.org-tutum-wordpress"))
	mysql := s.awaitService("runners-mysql", onAlone(shared, "mysql"))
	runner := s.awaitService("runners", func(c container.InspectResponse) error {
		if got := slices.Sorted(maps.Keys(c.NetworkSettings.Networks)); !slices.Equal(got, []string{own, shared}) || string(c.HostConfig.NetworkMode) != own {
			return fmt.Errorf("it is on %q, first on %s", got, c.HostConfig.NetworkMode)
		}
		return nil
	})
	s.startedAfter(runner, wordpress, mysql)
	s.reaches(runner, map[string]string{"http://registry.example.org__tutum__wordpress/": "wordpress", "http://registry.example.org-tutum-wordpress/": "wordpress", "http://mysql:3306/": "mysql"})
	if routes, gateway := s.docker("exec", runner.ID, "ip", "route"), runner.NetworkSettings.Networks[own].Gateway; !strings.HasPrefix(routes, "default via "+gateway+" ") {
		t.Errorf("the runner's gateway is not %s of its own network:\n%s", gateway, routes)
	}
	s.mounts(runner, map[string]string{"/cache": s.project + "_cache", "/scratch": "", "/hooks": "/var/storage/docker/ci-hooks ro"})
	s.visited(task, shared)
	s.servicesEnd(task)
}

// awaitService waits until exactly one container of a child runs and passes the checks.
func (s *stack) awaitService(child string, checks ...check) container.InspectResponse {
	s.t.Helper()
	var found container.InspectResponse
	lab.Eventually(s.t, patience, "the child "+child, func() error {
		list, err := s.Client().ContainerList(s.t.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(
			filters.Arg("label", spec.LabelProject+"="+s.project), filters.Arg("label", spec.LabelChild+"="+child))})
		if err != nil || len(list) != 1 {
			return errors.Join(fmt.Errorf("there are %d containers of it", len(list)), err)
		}
		if found, err = s.Client().ContainerInspect(s.t.Context(), list[0].ID); err != nil {
			return err
		}
		errs := []error{running(found)}
		for _, check := range checks {
			errs = append(errs, check(found))
		}
		return errors.Join(errs...)
	})
	return found
}

// onAlone: it is attached to this network and no other, with these names.
func onAlone(net string, aliases ...string) check {
	return func(c container.InspectResponse) error {
		n := c.NetworkSettings.Networks[net]
		if n == nil || n.EndpointID == "" || len(c.NetworkSettings.Networks) != 1 {
			return fmt.Errorf("it is on %q, want %s alone", slices.Sorted(maps.Keys(c.NetworkSettings.Networks)), net)
		}
		for _, alias := range aliases {
			if !slices.Contains(n.Aliases, alias) {
				return fmt.Errorf("its aliases are %q, without %s", n.Aliases, alias)
			}
		}
		return nil
	}
}

// startedAfter fails the test if a child was made before its services listened.
func (s *stack) startedAfter(c container.InspectResponse, services ...container.InspectResponse) {
	s.t.Helper()
	made, err := time.Parse(time.RFC3339Nano, c.Created)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, service := range services {
		seconds, err := strconv.ParseInt(s.docker("exec", service.ID, "stat", "-c", "%Y", "/up"), 10, 64)
		if up := time.Unix(seconds, 0); err != nil || made.Before(up) {
			s.t.Errorf("%s was made at %s, before %s listened at %s (%v)", c.Name, made, service.Name, up, err)
		}
		started, err := time.Parse(time.RFC3339Nano, service.State.StartedAt)
		if err != nil || made.Sub(started) < 2*time.Second {
			s.t.Errorf("%s was made %s after the start of %s (%v)", c.Name, made.Sub(started), service.Name, err)
		}
	}
}

// reaches fails the test unless a child gets these pages.
func (s *stack) reaches(c container.InspectResponse, pages map[string]string) {
	s.t.Helper()
	for url, want := range pages {
		lab.Eventually(s.t, patience, url, func() error {
			got, err := s.Docker(s.t.Context(), "exec", c.ID, "timeout", "3", "wget", "-q", "-O", "-", url)
			if err == nil && got != want {
				err = fmt.Errorf("it is %q, want %q", got, want)
			}
			return err
		})
	}
}

// mounts fails the test unless a child has these mounts: a tmpfs with options, a
// volume's name ("" for an anonymous one), or a host's path with its mode.
func (s *stack) mounts(c container.InspectResponse, want map[string]string) {
	s.t.Helper()
	table := s.docker("exec", c.ID, "cat", "/proc/mounts")
	for path, what := range want {
		if options, ok := strings.CutPrefix(what, "tmpfs "); ok {
			if !strings.Contains(table, "tmpfs "+path+" tmpfs "+options) {
				s.t.Errorf("%s is no tmpfs with %s:\n%s", path, options, table)
			}
			continue
		}
		i := slices.IndexFunc(c.Mounts, func(m container.MountPoint) bool { return m.Destination == path })
		if i < 0 {
			s.t.Errorf("nothing is mounted at %s of %s: %v", path, c.Name, c.Mounts)
			continue
		}
		m := c.Mounts[i]
		source, mode, _ := strings.Cut(what, " ")
		ok := m.Name == source && m.RW
		switch {
		case strings.HasPrefix(source, "/"):
			ok = m.Source == source && m.RW == (mode != "ro")
		case source == "":
			ok = len(m.Name) == 64 && m.RW
		}
		if !ok {
			s.t.Errorf("%s of %s is %+v, want %q", path, c.Name, m, what)
		}
	}
}

// visited: foster's own container was on a network for its probes, and is no longer.
func (s *stack) visited(task container.InspectResponse, net string) {
	s.t.Helper()
	now := s.awaitTask()
	if now.ID != task.ID || now.NetworkSettings.Networks[net] != nil {
		s.t.Errorf("foster's own container is on %q", slices.Sorted(maps.Keys(now.NetworkSettings.Networks)))
	}
	var seen []string // some engines tell of a disconnect twice
	for _, m := range s.rec.All(lab.Type("network"), lab.Action("connect", "disconnect")) {
		if m.Actor.Attributes["container"] == task.ID && m.Actor.Attributes["name"] == net {
			seen = append(seen, string(m.Action))
		}
	}
	if len(seen) == 0 || seen[0] != "connect" || seen[len(seen)-1] != "disconnect" {
		s.t.Errorf("foster's own container came and went: %v", seen)
	}
}

// servicesEnd stops it all.
func (s *stack) servicesEnd(task container.InspectResponse) {
	s.t.Helper()
	s.docker("stack", "rm", s.name)
	s.taskEnded(task)
	s.volumesLeft("cache")
	s.removeVolumes(s.project)
	lab.Eventually(s.t, patience, "nothing left of "+s.project, s.left)
}
