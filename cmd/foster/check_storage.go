package main

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/api/types/volume"

	"foster/spec"
)

// checkVolumes looks for the named volumes.
func checkVolumes(ctx context.Context, s *survey) []finding {
	var found []finding
	for _, v := range s.project.Volumes {
		subject := "volume " + v.Name
		got, err := ask(ctx, func(ctx context.Context) (volume.Volume, error) { return s.engine.VolumeInspect(ctx, v.Name) })
		switch {
		case errdefs.IsNotFound(err) && v.External:
			found = append(found, problem(subject, "is external and not there").mend("create it with docker volume create %s", v.Name))
		case errdefs.IsNotFound(err):
			found = append(found, ok(subject, "will be created"))
		case err != nil:
			found = append(found, note(subject, "could not be looked at: %v", err))
		case v.External:
			found = append(found, ok(subject, "is there"))
		case !s.ours(got.Labels):
			found = append(found, note(subject, "is there already and %s: it will be used as it is", s.whose(got.Labels)).mend("declare it external to say that this is meant"))
		case v.Options.Driver != "" && v.Options.Driver != got.Driver || len(v.Options.DriverOpts) > 0 && !maps.Equal(v.Options.DriverOpts, got.Options):
			found = append(found, note(subject, "is there already, made with another driver or other options: it will be used as it is").mend("remove it to have it made anew; its content is lost then"))
		default:
			found = append(found, ok(subject, "is there already, from this project"))
		}
	}
	return found
}

// checkDevices looks for the devices that children are given.
func checkDevices(_ context.Context, s *survey) []finding {
	var found []finding
	for _, c := range s.project.Children {
		var unseen, here []string
		for _, d := range c.Host.Devices {
			subject := "device " + d.PathOnHost + " of child " + c.Name
			info, seen := s.host.look(d.PathOnHost)
			switch {
			case !seen:
				unseen = append(unseen, d.PathOnHost)
			case info == nil:
				found = append(found, problem(subject, "is not there").mend("plug it in, load its driver, or mend the path"))
			case !info.IsDir() && info.Mode()&fs.ModeDevice == 0:
				found = append(found, problem(subject, "is no device").mend("mend the path"))
			default:
				here = append(here, d.PathOnHost)
			}
		}
		found = append(found, summed("child "+c.Name, "device", here, unseen)...)
	}
	return found
}

// summed says in one line each what is there and what cannot be seen.
func summed(subject, what string, here, unseen []string) []finding {
	var found []finding
	if len(here) > 0 {
		found = append(found, ok(subject, "%s there: %s", counted(len(here), what+" is", what+"s are"), strings.Join(here, ", ")))
	}
	if len(unseen) > 0 {
		found = append(found, note(subject, "%s not visible from here: %s", counted(len(unseen), what+" is", what+"s are"), strings.Join(unseen, ", ")))
	}
	return found
}

// bindSource is a path of the host that a child mounts.
type bindSource struct {
	path    string
	created bool // by the engine, when it is not there
}

func (s *survey) bindSources(c spec.Child) []bindSource {
	var out []bindSource
	for _, b := range c.Host.Binds {
		if source, _, _ := strings.Cut(b, ":"); path.IsAbs(source) {
			out = append(out, bindSource{source, true})
		}
	}
	for _, m := range c.Host.Mounts {
		if m.Type == mount.TypeBind {
			created := m.BindOptions != nil && m.BindOptions.CreateMountpoint && versions.GreaterThanOrEqualTo(s.api, "1.42")
			out = append(out, bindSource{m.Source, created})
		}
	}
	return out
}

// checkBinds looks for the sources of bind mounts.
func checkBinds(_ context.Context, s *survey) []finding {
	var found []finding
	for _, c := range s.project.Children {
		var here, unseen []string
		for _, b := range s.bindSources(c) {
			subject := "bind source " + b.path + " of child " + c.Name
			info, seen := s.host.look(b.path)
			switch {
			case !seen:
				unseen = append(unseen, b.path)
			case info == nil && b.created:
				found = append(found, note(subject, "is not there: the engine will make an empty directory"))
			case info == nil:
				found = append(found, problem(subject, "is not there").mend("make it on the host, or mend the path"))
			default:
				here = append(here, b.path)
			}
		}
		slices.Sort(here)
		slices.Sort(unseen)
		found = append(found, summed("child "+c.Name, "bind source", slices.Compact(here), slices.Compact(unseen))...)
	}
	return found
}
