package spec

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
)

// readEnvironment collects what ${…} can see and chooses the compose files.
// The two belong together: an env file may name compose files, and beside the
// first of these may lie an env file. Foster's own environment comes first;
// behind it the file of LAUNCH_ARG_ENVFILE, as `docker compose --env-file` has
// it, or without that the files .env of Root and beside the first compose file.
func (in *input) readEnvironment() {
	in.environment = types.Mapping{}
	for _, entry := range in.Environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			in.environment[name] = value
		}
	}
	if dir, err := os.Getwd(); err == nil {
		in.environment.Merge(types.Mapping{"PWD": dir})
	}
	const variable = "LAUNCH_ARG_ENVFILE"
	if path, asked := in.Env.Lookup(variable); asked {
		in.addEnvFile(in.Env.Origin(variable), path)
		in.chooseFiles()
		return
	}
	if in.Env.Broken(variable) { // reported by ReadEnv
		in.blind = true
		in.chooseFiles()
		return
	}
	root := cmp.Or(in.Root, filepath.Dir(DefaultFile))
	if len(in.Files) == 0 {
		in.addDotEnv(root)
	}
	in.chooseFiles()
	if len(in.Files) > 0 || len(in.files) > 0 && in.workingDir() != root {
		in.addDotEnv(in.workingDir())
	}
}

// workingDir is what relative paths in the compose files start from.
func (in *input) workingDir() string {
	if len(in.files) == 0 || in.files[0] == "" {
		return filepath.Dir(DefaultFile)
	}
	return filepath.Dir(in.files[0])
}

func (in *input) addDotEnv(dir string) {
	path := filepath.Join(dir, dotenv.DotEnv)
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		in.addEnvFile(path, path)
	}
}

// addEnvFile puts a file's variables behind those that are known already.
func (in *input) addEnvFile(origin, path string) {
	const mend = "mount an env file into foster's own container, lines of NAME=value in it, and give its path"
	content, err := readValue(path)
	if err != nil {
		in.problems, in.blind = append(in.problems, Problem{origin, path, err.Error(), mend}), true
		return
	}
	fromFile, err := dotenv.ParseWithLookup(bytes.NewReader([]byte(content)), in.environment.Resolve)
	if err != nil {
		in.problems, in.blind = append(in.problems, Problem{origin, path, notAnEnvFile(err), mend}), true
		return
	}
	in.environment.Merge(fromFile)
}

// notAnEnvFile tells of a parser's error only where it is: the rest of it may
// be a line of the file.
func notAnEnvFile(err error) string {
	if line := lineNumber.FindString(err.Error()); line != "" {
		return fmt.Sprintf("not an env file: %s is malformed", line)
	}
	return "not an env file"
}

// noting is a lookup that remembers what it brought in; see withoutValues.
func (in *input) noting(lookup template.Mapping) template.Mapping {
	return func(name string) (string, bool) {
		value, ok := lookup(name)
		if ok {
			if in.brought == nil {
				in.brought = map[string]string{}
			}
			in.brought[value] = name
		}
		return value, ok
	}
}

// substitute is Compose's own, with a note of what comes in.
func (in *input) substitute(text string, lookup template.Mapping) (string, error) {
	return template.Substitute(text, in.noting(lookup))
}

// registerRaw teaches compose-go `format: raw` of env_file, which docker compose
// brings along: lines of NAME=value to the letter, as docker run --env-file
// reads them.
var registerRaw = sync.OnceFunc(func() { dotenv.RegisterFormat("raw", rawEnvFile) })
