package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
)

// of lists the containers of a child.
func (s *stage) of(child string) []container.InspectResponse {
	var out []container.InspectResponse
	for _, c := range s.LookList(container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", spec.LabelProject+"=p"), filters.Arg("label", spec.LabelChild+"="+child))}) {
		if got, err := s.Look(c.ID); err == nil {
			out = append(out, got)
		}
	}
	return out
}

// edition is what a child was made from, "" for one that has none.
func (s *stage) edition(child string) string {
	for _, c := range s.of(child) {
		if _, edition, ok := strings.Cut(strings.Join(c.Config.Env, " "), "EDITION="); ok {
			return strings.Fields(edition)[0]
		}
	}
	return ""
}

// whole says what the project lacks.
func (s *stage) whole() error {
	var errs []error
	present := map[string]container.InspectResponse{}
	for _, child := range s.cast.names() {
		switch list := s.of(child); {
		case len(list) == 1:
			present[child] = list[0]
		case len(list) == 0 && slices.Contains(s.cast.ends, child):
			// Its work is done; somebody removed what was left of it, as a late call of the dead one may.
		default:
			errs = append(errs, fmt.Errorf("%d containers of %s", len(list), child))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if all := s.LookList(container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", spec.LabelProject+"=p"))}); len(all) != len(present) {
		errs = append(errs, fmt.Errorf("%d containers of the project, want %d", len(all), len(present)))
	}
	for child, nets := range s.cast.runs {
		errs = append(errs, s.healthy(child, present[child], nets), s.started(child, present[child]))
	}
	for _, child := range s.cast.ends {
		if c, ok := present[child]; ok && (c.State.Status != container.StateExited || c.State.ExitCode != 0) {
			errs = append(errs, fmt.Errorf("%s is %s with code %d", child, c.State.Status, c.State.ExitCode))
		}
	}
	for child, owner := range s.cast.shares {
		o := present[owner]
		if c := present[child]; string(c.HostConfig.NetworkMode) != "container:"+o.ID || c.State.StartedAt < o.State.StartedAt {
			errs = append(errs, fmt.Errorf("%s does not live in the namespace of the present run of %s", child, owner))
		}
	}
	return errors.Join(errs...)
}

// healthy: it runs, on all of its networks, and its healthcheck is content.
func (s *stage) healthy(child string, c container.InspectResponse, nets []string) error {
	if !c.State.Running || c.State.Health != nil && c.State.Health.Status != container.Healthy {
		return fmt.Errorf("%s is %s (%v)", child, c.State.Status, c.State.Health)
	}
	for _, name := range nets {
		n, err := s.LookNetwork(name)
		if err != nil {
			return err
		}
		if e := c.NetworkSettings.Networks[name]; e == nil || e.EndpointID == "" || e.NetworkID != n.ID {
			return fmt.Errorf("%s is not attached to %s", child, name)
		}
	}
	return nil
}

// started: everything that belongs to its start was done in its present run.
func (s *stage) started(child string, c container.InspectResponse) error {
	done := 0
	for _, x := range s.Execs() {
		if x.Container == c.ID && strings.Join(x.Options.Cmd, " ") != "hook last" && !x.Ended.IsZero() {
			done++
		}
	}
	if done < s.cast.hooks[child] {
		return fmt.Errorf("%d hooks of %s were run, want %d", done, child, s.cast.hooks[child])
	}
	if path := s.cast.secret[child]; path != "" {
		if files, err := s.Files(c.ID); err != nil || files[path].Content != "hunter2" || files[path].Started {
			return fmt.Errorf("%s has %v for a secret (%v)", child, files[path], err)
		}
	}
	return nil
}

// steady are the children that are in order at this moment, and that nobody is
// about to touch.
func (s *stage) steady(busy map[string]bool) map[string]container.InspectResponse {
	out := map[string]container.InspectResponse{}
	for child, nets := range s.cast.runs {
		list := s.of(child)
		if len(list) != 1 || busy[strings.TrimPrefix(list[0].Name, "/")] || s.healthy(child, list[0], nets) != nil || s.started(child, list[0]) != nil {
			continue
		}
		out[child] = list[0]
	}
	for child, owner := range s.cast.shares {
		c, o := out[child], out[owner]
		if o.ContainerJSONBase == nil || c.ContainerJSONBase != nil && (string(c.HostConfig.NetworkMode) != "container:"+o.ID || c.State.StartedAt < o.State.StartedAt) {
			delete(out, child)
		}
	}
	return out
}

// awaitWhole waits until the project is whole, and stays so.
func (s *stage) awaitWhole(l *life) {
	s.t.Helper()
	var err error
	for range 2400 {
		if err = s.whole(); err == nil {
			time.Sleep(12 * time.Second)
			if err = s.whole(); err == nil {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("not whole after two minutes: %v\n%s", err, l.out.String())
}

// nothingLeft: of the project only the named volume is there, and all that is
// somebody else's as it was.
func (s *stage) nothingLeft(spared ...string) error {
	var errs []error
	left := slices.DeleteFunc(s.Containers(), func(name string) bool { return strings.HasPrefix(name, "task-") })
	if !slices.Equal(left, []string{"canary"}) {
		errs = append(errs, fmt.Errorf("there are containers %q", left))
	}
	if left := s.Networks(); !slices.Equal(left, []string{"front"}) {
		errs = append(errs, fmt.Errorf("there are networks %q", left))
	}
	for _, v := range s.Volumes() {
		if v != "p_named" && v != s.canary.Mounts[0].Name && !slices.Contains(spared, v) {
			errs = append(errs, fmt.Errorf("there is volume %s", v))
		}
	}
	now, err := s.Look("canary")
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	was := s.canary
	if now.ID != was.ID || now.State.StartedAt != was.State.StartedAt || !now.State.Running ||
		now.NetworkSettings.Networks["front"].EndpointID != was.NetworkSettings.Networks["front"].EndpointID {
		errs = append(errs, errors.New("the canary was touched"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.two) > 0 {
		errs = append(errs, fmt.Errorf("there were two running containers of %q", s.two))
	}
	return errors.Join(errs...)
}

// stop ends a foster, which must leave nothing.
func (s *stage) stop(l *life, spared ...string) {
	s.t.Helper()
	l.signals <- syscall.SIGTERM
	if code := s.exited(l, time.Minute); code != 0 {
		s.t.Errorf("exit code %d", code)
	}
	if err := s.nothingLeft(spared...); err != nil {
		s.t.Errorf("after the end: %v", err)
	}
}
