package spec

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// loadFile loads the mounted compose file. Of the LAUNCH_* variables only the
// project's name and the file for ${…} still count.
func (in *input) loadFile() {
	for _, v := range Variables {
		if _, set := in.Env.Lookup(v.Name); !set || !strings.HasPrefix(v.Name, "LAUNCH_") {
			continue
		}
		if v.Name != "LAUNCH_PROJECT_NAME" && v.Name != "LAUNCH_ARG_ENVFILE" {
			in.warnings = append(in.warnings, in.File+" is used, "+in.Env.Origin(v.Name)+" is ignored")
		}
	}
	name := in.projectName()
	file, err := filepath.Abs(in.File)
	if err == nil {
		_, err = os.ReadFile(file)
	}
	if err != nil {
		in.problems = append(in.problems, Problem{in.File, "", "the compose file cannot be read", "mount it readable"})
	}
	if len(in.problems) > 0 {
		return
	}
	details := types.ConfigDetails{
		WorkingDir:  filepath.Dir(file),
		ConfigFiles: []types.ConfigFile{{Filename: file}},
		Environment: in.environment.Clone(),
	}
	document, err := loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		switch {
		case name != "":
			o.SetProjectName(name, true)
		case in.environment["COMPOSE_PROJECT_NAME"] != "":
			o.SetProjectName(in.environment["COMPOSE_PROJECT_NAME"], true)
		default:
			o.SetProjectName(in.Identity.ProjectName(), false)
		}
		o.Profiles = profiles(in.environment["COMPOSE_PROFILES"])
	}, loader.WithDiscardEnvFiles)
	if err != nil {
		in.problems = append(in.problems, Problem{in.File, "", in.withoutValues(err), "mend the file; `docker compose config` tells the same"})
		return
	}
	document.ComposeFiles = []string{file}
	in.document = in.labelled(document).WithoutUnnecessaryResources()
	if len(in.document.Services) == 0 {
		in.problems = append(in.problems, Problem{in.File, "", "no services in it, or all of them in profiles that are off", "add a service, or name profiles in COMPOSE_PROFILES"})
	}
}

// withoutValues is the loader's message with ${NAME} in place of what ${…}
// brought in: that may be a secret.
func (in *input) withoutValues(err error) string {
	const shortest = 4 // less is no secret, and would match anywhere
	names := slices.SortedFunc(maps.Keys(in.environment), func(a, b string) int {
		return cmp.Or(len(in.environment[b])-len(in.environment[a]), strings.Compare(a, b))
	})
	text := err.Error()
	for _, name := range names {
		if value := in.environment[name]; len(value) >= shortest {
			text = strings.ReplaceAll(text, value, "${"+name+"}")
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		text += " (paths are those of foster's own container)"
	}
	return text
}

func profiles(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(p string) bool { return strings.TrimSpace(p) == "" })
}
