package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/volume"
)

// object is one thing on an engine.
type object struct {
	kind string // container, network, volume, image, service
	id   string
	name string
	ours bool // the demo's, by name or label
}

func (o object) String() string { return o.kind + " " + o.name }

// kinds in the order in which they are told.
var kinds = []string{"container", "network", "volume", "image", "service"}

// objects lists everything on the engine, sorted. Volumes without a name are the demo's when they were the child's.
func (e *engine) objects(ctx context.Context, childs map[string]bool) ([]object, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var all []object
	add := func(kind, id, name string, labels map[string]string, more bool) {
		ours := more || strings.HasPrefix(name, e.prefix+"-") || strings.HasPrefix(name, e.prefix+"_") || strings.HasPrefix(name, e.prefix+".") ||
			labels["foster.project"] == e.prefix || labels["com.docker.stack.namespace"] == e.prefix
		all = append(all, object{kind, id, name, ours})
	}
	containers, err := e.api.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	for _, c := range containers {
		add("container", c.ID, strings.TrimPrefix(append(c.Names, c.ID)[0], "/"), c.Labels, false)
	}
	networks, err := e.api.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	for _, n := range networks {
		add("network", n.ID, n.Name, n.Labels, false)
	}
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	for _, v := range volumes.Volumes {
		add("volume", v.Name, v.Name, v.Labels, childs[v.Name])
	}
	images, err := e.api.ImageList(ctx, image.ListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	for _, i := range images {
		slices.Sort(i.RepoTags)
		ours := slices.ContainsFunc(i.RepoTags, func(tag string) bool {
			return strings.HasPrefix(tag, e.foster+":") || strings.HasPrefix(tag, e.child+":")
		})
		add("image", i.ID, strings.Join(append(i.RepoTags, strings.TrimPrefix(i.ID, "sha256:")[:12]), " "), nil, ours)
	}
	if e.node != "" {
		services, err := e.api.ServiceList(ctx, swarm.ServiceListOptions{})
		if err != nil {
			return nil, fmt.Errorf("list services: %w", err)
		}
		for _, s := range services {
			add("service", s.ID, s.Spec.Name, s.Spec.Labels, false)
		}
	}
	slices.SortFunc(all, func(a, b object) int {
		return strings.Compare(a.kind+" "+a.name+" "+a.id, b.kind+" "+b.name+" "+b.id)
	})
	return all, nil
}

// ours returns those of the given kinds that are the demo's.
func ours(all []object, kinds ...string) []object {
	var found []object
	for _, o := range all {
		if o.ours && slices.Contains(kinds, o.kind) {
			found = append(found, o)
		}
	}
	return found
}

// changes are the objects that came and went between two lists, with a sign.
func changes(before, after []object) []string {
	var diff []string
	for _, o := range before {
		if !slices.Contains(after, o) {
			diff = append(diff, "- "+o.String())
		}
	}
	for _, o := range after {
		if !slices.Contains(before, o) {
			diff = append(diff, "+ "+o.String())
		}
	}
	return diff
}

// tally counts objects by kind.
func tally(all []object, of ...string) string {
	var parts []string
	for _, kind := range of {
		n := 0
		for _, o := range all {
			if o.kind == kind {
				n++
			}
		}
		parts = append(parts, count(n, kind))
	}
	return strings.Join(parts, ", ")
}

// clear removes what a demo that broke off has left on somebody's engine, and the images in any case.
func (e *engine) clear(ctx context.Context, childs map[string]bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	all, err := e.objects(ctx, childs)
	if err != nil {
		return err
	}
	var errs []error
	keep := func(err error) {
		if err != nil && !errdefs.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	if len(ours(all, "service")) > 0 {
		_, err := e.docker(ctx, "stack", "rm", e.prefix)
		keep(err)
	}
	// foster goes first, or it would bring the child back; then it has nothing left to remove.
	grace := 8
	for _, o := range ours(all, "container") {
		if strings.HasPrefix(o.name, e.watchdog()) {
			keep(e.api.ContainerStop(ctx, o.id, container.StopOptions{Timeout: &grace}))
		}
	}
	// A service's containers and networks go when the swarm has got round to it.
	err = await(ctx, 30*time.Second, "the demo's objects to go", func(ctx context.Context) error {
		all, err := e.objects(ctx, childs)
		if err != nil {
			return err
		}
		for _, o := range ours(all, "container") {
			_ = e.api.ContainerRemove(ctx, o.id, container.RemoveOptions{Force: true, RemoveVolumes: true}) // looked at again
		}
		for _, o := range ours(all, "network") {
			_ = e.api.NetworkRemove(ctx, o.id)
		}
		for _, o := range ours(all, "volume") {
			_ = e.api.VolumeRemove(ctx, o.id, false)
		}
		if left := ours(all, "container", "network", "volume", "service"); len(left) > 0 {
			return fmt.Errorf("left: %s", list(left))
		}
		return nil
	})
	keep(err)
	keep(e.removeImages(ctx))
	return errors.Join(errs...)
}

func list(all []object) string {
	names := make([]string, 0, len(all))
	for _, o := range all {
		names = append(names, o.String())
	}
	return strings.Join(names, ", ")
}
