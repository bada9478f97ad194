package spec

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

// chooseFiles finds the compose files as docker compose does: those that were
// asked for, else those that COMPOSE_FILE names, else the first of the usual
// names in Root with its override file. None at all means LAUNCH_*.
func (in *input) chooseFiles() {
	asked := in.Files
	if list := in.environment["COMPOSE_FILE"]; len(asked) == 0 && list != "" {
		asked = strings.Split(list, cmp.Or(in.environment["COMPOSE_PATH_SEPARATOR"], string(os.PathListSeparator)))
	}
	if len(asked) == 0 && in.Root != "" {
		asked = in.discover()
	}
	for _, path := range asked {
		file, err := filepath.Abs(path)
		if path == "" || err != nil {
			in.problems = append(in.problems, Problem{"compose file", "", "an empty name in the list of compose files", "name a file, in foster's own container"})
			file = ""
		}
		in.files = append(in.files, file)
	}
}

// discover looks into Root, and says so when it has to choose.
func (in *input) discover() []string {
	file := in.firstOf(cli.DefaultFileNames)
	if file == "" {
		return nil
	}
	if override := in.firstOf(cli.DefaultOverrideFileNames); override != "" {
		return []string{file, override}
	}
	return []string{file}
}

// firstOf is the first of the names that is a file in Root, "" for none.
func (in *input) firstOf(names []string) string {
	var found []string
	for _, name := range names {
		path := filepath.Join(in.Root, name)
		info, err := os.Stat(path)
		switch {
		case err != nil:
		case info.IsDir():
			// The engine makes one where the source of a bind mount is missing.
			in.warnings = append(in.warnings, path+" is a directory and not read: is the file missing on the host?")
		default:
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return ""
	}
	if len(found) > 1 {
		in.warnings = append(in.warnings, "there are several compose files, "+strings.Join(found, ", ")+": "+found[0]+" is used")
	}
	return found[0]
}
