package spec

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
)

// interpolation collects what ${…} can see: foster's own environment and,
// behind it, the file of LAUNCH_ARG_ENVFILE, or without that the file .env
// beside the compose file, as `docker compose --env-file` has it.
func interpolation(o Options) (types.Mapping, Problems) {
	environment := types.Mapping{}
	for _, entry := range o.Environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			environment[name] = value
		}
	}
	const variable = "LAUNCH_ARG_ENVFILE"
	path, asked := o.Env.Lookup(variable)
	if !asked {
		if o.Env.Broken(variable) {
			return environment, nil // reported by ReadEnv
		}
		path = filepath.Join(filepath.Dir(fileOr(o.File)), ".env")
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return environment, nil
		}
	}
	origin := o.Env.Origin(variable)
	if !asked {
		origin = path
	}
	const mend = "mount an env file into foster's own container, lines of NAME=value in it, and give its path"
	content, err := readValue(path)
	if err != nil {
		return environment, Problems{{origin, path, err.Error(), mend}}
	}
	fromFile, err := dotenv.ParseWithLookup(bytes.NewReader([]byte(content)), environment.Resolve)
	if err != nil {
		what := "not an env file"
		if line := lineNumber.FindString(err.Error()); line != "" {
			what = fmt.Sprintf("not an env file: %s is malformed", line)
		}
		return environment, Problems{{origin, path, what, mend}}
	}
	for name, value := range fromFile {
		if _, set := environment[name]; !set {
			environment[name] = value
		}
	}
	return environment, nil
}

func fileOr(file string) string {
	if file == "" {
		return DefaultFile
	}
	return file
}
