package spec

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/graph"
	"github.com/compose-spec/compose-go/v2/types"
)

// references finds everything that the services name and that is not there:
// services, networks, volumes, secrets, configs, files.
func (in *input) references(doc *types.Project) Problems {
	var problems Problems
	for _, name := range slices.Sorted(maps.Keys(doc.Services)) {
		s := doc.Services[name]
		report := func(attribute, what, mend string) {
			path := "services." + name
			if attribute != "" {
				path += "." + attribute
			}
			problems = append(problems, Problem{in.place(in.sources, "", path), path, in.withoutValues(what), mend})
		}
		if s.Image == "" && s.Build == nil && s.Provider == nil {
			report("", "the service has no image", "name one with image")
		}
		neededServices(doc, s, report)
		named(report, "networks", "network", maps.Keys(s.Networks), doc.Networks)
		named(report, "models", "model", maps.Keys(s.Models), doc.Models)
		named(report, "secrets", "secret", func(yield func(string) bool) {
			for _, one := range s.Secrets {
				if !yield(one.Source) {
					return
				}
			}
		}, doc.Secrets)
		named(report, "configs", "config", func(yield func(string) bool) {
			for _, one := range s.Configs {
				if !yield(one.Source) {
					return
				}
			}
		}, doc.Configs)
		named(report, "volumes", "volume", func(yield func(string) bool) {
			for _, one := range s.Volumes {
				if one.Type == types.VolumeTypeVolume && one.Source != "" && !yield(one.Source) {
					return
				}
			}
		}, doc.Volumes)
		for _, file := range s.EnvFiles {
			if what := in.badEnvFile(file, doc.Environment); what != "" {
				report("env_file", what, ownMount+", lines of NAME=value in it; "+ownPaths)
			}
		}
		for _, file := range s.LabelFiles {
			if what := in.badEnvFile(types.EnvFile{Path: file, Required: true}, doc.Environment); what != "" {
				report("label_file", what, ownMount+", lines of name=value in it; "+ownPaths)
			}
		}
	}
	if len(problems) == 0 {
		if err := graph.CheckCycle(doc); err != nil {
			problems = append(problems, Problem{in.where(), "", err.Error(), "let one of them go without the other"})
		}
	}
	return problems
}

// neededServices finds services that are named and not there.
func neededServices(doc *types.Project, s types.ServiceConfig, report func(attribute, what, mend string)) {
	reported := map[string]bool{}
	check := func(attribute, name string) {
		_, there := doc.Services[name]
		if there || reported[name] {
			return
		}
		reported[name] = true
		if off, disabled := doc.DisabledServices[name]; disabled {
			report(attribute, "service "+name+" is in profiles that are off: "+strings.Join(off.Profiles, ", "), "name one of them with --profile, FOSTER_PROFILE or COMPOSE_PROFILES")
			return
		}
		report(attribute, "there is no service "+name, "name a service of the file")
	}
	for _, ns := range []struct{ attribute, mode string }{{"network_mode", s.NetworkMode}, {"ipc", s.Ipc}, {"pid", s.Pid}} {
		if other, ok := strings.CutPrefix(ns.mode, types.ServicePrefix); ok {
			check(ns.attribute, other)
		}
	}
	for _, from := range s.VolumesFrom {
		if !strings.HasPrefix(from, types.ContainerPrefix) {
			other, _, _ := strings.Cut(from, ":")
			check("volumes_from", other)
		}
	}
	for _, link := range s.Links {
		other, _, _ := strings.Cut(link, ":")
		check("links", other)
	}
	for _, other := range slices.Sorted(maps.Keys(s.DependsOn)) {
		if _, disabled := doc.DisabledServices[other]; s.DependsOn[other].Required || !disabled {
			check("depends_on", other)
		}
	}
}

// named reports the names that are not declared at the top of the document.
func named[T any](report func(attribute, what, mend string), attribute, what string, names func(func(string) bool), declared map[string]T) {
	for _, name := range slices.Sorted(names) {
		if _, ok := declared[name]; !ok {
			report(attribute, "there is no "+what+" "+name, "declare it under "+attribute+": at the top of the file")
		}
	}
}

// badEnvFile says what is wrong with an env file, never what is in it; "" when
// it is right, or need not be there.
func (in *input) badEnvFile(file types.EnvFile, environment types.Mapping) string {
	content, err := os.Open(file.Path)
	if err == nil {
		defer content.Close()
		err = dotenv.ParseWithFormat(content, file.Path, map[string]string{}, environment.Resolve, file.Format)
	}
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist) && !bool(file.Required):
		return ""
	case errors.Is(err, fs.ErrNotExist):
		return "there is no file " + file.Path
	case strings.HasPrefix(err.Error(), "unsupported env_file format"):
		return "there is no env_file format " + file.Format
	}
	return file.Path + " is " + notAnEnvFile(err)
}
