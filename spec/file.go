package spec

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// loadFiles loads the compose files, the later ones over the earlier. Of the
// LAUNCH_* variables only the project's name and the file for ${…} still count.
func (in *input) loadFiles() {
	for _, v := range Variables {
		if _, set := in.Env.Lookup(v.Name); !set || !strings.HasPrefix(v.Name, "LAUNCH_") {
			continue
		}
		if v.Name != "LAUNCH_PROJECT_NAME" && v.Name != "LAUNCH_ARG_ENVFILE" {
			used := " is used, "
			if len(in.files) > 1 {
				used = " are used, "
			}
			in.warnings = append(in.warnings, in.where()+used+in.Env.Origin(v.Name)+" is ignored")
		}
	}
	name := in.projectName()
	if asked := in.environment[composeProjectName]; name == "" && asked != "" && !composeProject.MatchString(asked) {
		in.problems = append(in.problems, Problem{composeProjectName, asked, "not a project name", "use lower-case letters, digits, '-' and '_', a letter or digit first"})
	}
	in.readFiles()
	if len(in.problems) > 0 {
		return
	}
	document, err := in.read(in.configFiles(), name)
	if problems, ok := errors.AsType[Problems](err); ok {
		in.problems = append(in.problems, in.placed(problems)...)
		return
	}
	if err != nil {
		in.problems = append(in.problems, in.faults(err, name)...)
		return
	}
	document.ComposeFiles = in.files
	in.document = in.labelled(document).WithoutUnnecessaryResources()
	if len(in.document.Services) == 0 {
		in.problems = append(in.problems, Problem{in.where(), "", "no services in it, or all of them in profiles that are off", "add a service, or name profiles with --profile, FOSTER_PROFILE or COMPOSE_PROFILES"})
		return
	}
	in.warnings = append(in.warnings, in.hostPaths(name)...)
}

const composeProjectName = "COMPOSE_PROJECT_NAME"

// read lets compose-go load files, with some changes of its options. The
// project is called as asked; else as COMPOSE_PROJECT_NAME or the files say;
// else as foster's own service is. A file that makes compose-go panic is refused.
func (in *input) read(files []types.ConfigFile, project string, changes ...func(*loader.Options)) (loaded *types.Project, err error) {
	defer func() {
		if p := recover(); p != nil {
			loaded, err = nil, errors.New("compose cannot make sense of it")
		}
	}()
	details := types.ConfigDetails{WorkingDir: in.workingDir(), ConfigFiles: files, Environment: in.environment.Clone()}
	return loadProject(context.Background(), in.where(), details, append([]func(*loader.Options){loader.WithDiscardEnvFiles, in.options(project)}, changes...)...)
}

func (in *input) options(project string) func(*loader.Options) {
	registerRaw()
	return func(o *loader.Options) {
		switch asked := in.environment[composeProjectName]; {
		case project != "":
			o.SetProjectName(project, true)
		case asked != "":
			o.SetProjectName(asked, true)
		default:
			o.SetProjectName(in.defaultProject(), false)
		}
		o.Profiles = in.Profiles
		if len(o.Profiles) == 0 {
			o.Profiles = profiles(in.environment["COMPOSE_PROFILES"])
		}
		o.Interpolate.Substitute = in.substitute
	}
}

// defaultProject is the name of a project that nobody named: foster's own, as a
// file of a container lies anywhere; outside of containers that of the file's
// directory, as Compose has it.
func (in *input) defaultProject() string {
	if in.Identity == (Identity{}) {
		if name := projectName(filepath.Base(in.workingDir())); name != "" {
			return name
		}
	}
	return in.Identity.ProjectName()
}

func profiles(list string) []string {
	var on []string
	for _, p := range strings.Split(list, ",") {
		if p = strings.TrimSpace(p); p != "" {
			on = append(on, p)
		}
	}
	return on
}

// readFiles reads every file, and reports each that cannot be.
func (in *input) readFiles() {
	for _, file := range in.files {
		if file == "" {
			continue // reported
		}
		content, err := readFile(file)
		if err != nil {
			in.problems = append(in.problems, Problem{file, "", err.Error(), "mount it readable into foster's own container"})
			continue
		}
		s, problems := newSource(file, content)
		in.problems = append(in.problems, problems...)
		in.sources = append(in.sources, s)
	}
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such compose file")
	case err == nil && info.IsDir():
		return nil, errors.New("a directory, not a compose file")
	case err == nil && !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the compose file cannot be read: %w", errors.Unwrap(err))
	}
	return content, nil
}

func (in *input) configFiles() []types.ConfigFile {
	files := make([]types.ConfigFile, len(in.sources))
	for i, s := range in.sources {
		files[i] = types.ConfigFile{Filename: s.file, Content: s.content}
	}
	return files
}
