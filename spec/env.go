package spec

import (
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"
)

// fileSuffix on a variable's name means: the value is in this file.
const fileSuffix = "_FILE"

// maxValueFile bounds what is read from one file, in bytes.
const maxValueFile = 1 << 20

// Env is the operator's settings, read once. The zero value has none.
type Env struct {
	values map[string]string
	origin map[string]string // X -> the name it was given by, where that is not X
	broken map[string]bool   // given, but could not be read

	problems Problems // what ReadEnv found; Load reports it too
}

// Get returns the value of a variable, "" when it is unset.
func (e Env) Get(name string) string { return e.values[name] }

// Lookup returns the value of a variable and whether it is set; a variable set
// to "" is not.
func (e Env) Lookup(name string) (string, bool) {
	v, ok := e.values[name]
	return v, ok
}

// Origin is the name by which the operator gave the value: name, or name_FILE.
func (e Env) Origin(name string) string {
	if o := e.origin[name]; o != "" {
		return o
	}
	return name
}

// Broken says that the variable was given, but its file could not be read.
func (e Env) Broken(name string) bool { return e.broken[name] }

// Names lists the variables that are set, sorted.
func (e Env) Names() []string {
	names := make([]string, 0, len(e.values))
	for name := range e.values {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// ReadEnv reads the settings named in vars from an environment ("NAME=value"
// as os.Environ gives it). Each may be given as NAME_FILE instead, the path of
// a file that holds the value (a Swarm secret or config) and perhaps a newline
// after it, which is not part of it. Set but empty counts as unset, as Swarm
// stacks often have it.
//
// A problem is: both NAME and NAME_FILE; a file that cannot be read; a LAUNCH_
// or FOSTER_ name that is in no table, with the nearest right one. So vars must
// hold the tables of both. LOGIN_PASSWORD_FILE is in the table itself, as
// swarm-launcher's own variable: it is the file form of LOGIN_PASSWORD, has
// none of its own, and wins over LOGIN_PASSWORD as it does there.
func ReadEnv(environ []string, vars []Variable) (Env, Problems) {
	raw := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" {
			raw[name] = value
		} else if ok {
			delete(raw, name)
		}
	}
	env := Env{values: map[string]string{}, origin: map[string]string{}, broken: map[string]bool{}}
	table := map[string]Variable{}
	for _, v := range vars {
		table[v.Name] = v
	}
	var problems Problems
	known := map[string]bool{}
	for _, v := range vars {
		known[v.Name] = true
		if base, ok := strings.CutSuffix(v.Name, fileSuffix); ok {
			if _, isFileForm := table[base]; isFileForm {
				continue // read with its base
			}
		}
		_, listed := table[v.Name+fileSuffix]
		known[v.Name+fileSuffix] = true
		path, fromFile := raw[v.Name+fileSuffix]
		value, direct := raw[v.Name]
		switch {
		case fromFile && direct && !listed:
			problems = append(problems, Problem{v.Name + fileSuffix, path, "set together with " + v.Name, "set one of the two"})
			env.broken[v.Name] = true
		case fromFile:
			env.origin[v.Name] = v.Name + fileSuffix
			read, err := readValue(path)
			if err != nil {
				problems = append(problems, Problem{v.Name + fileSuffix, path, err.Error(), "name a file that foster can read in its own container, such as /run/secrets/name"})
				env.broken[v.Name] = true
			} else if read != "" {
				env.values[v.Name] = read
			}
		case direct:
			env.values[v.Name] = value
		}
	}
	env.problems = append(problems, unknownNames(raw, known)...).Sorted()
	return env, env.problems
}

// unknownNames finds the misspelt ones. Their values may be anybody's secret.
func unknownNames(raw map[string]string, known map[string]bool) Problems {
	candidates := make([]string, 0, len(known))
	for name := range known {
		candidates = append(candidates, name)
	}
	sort.Strings(candidates)
	var problems Problems
	for name := range raw {
		if known[name] || !strings.HasPrefix(name, "LAUNCH_") && !strings.HasPrefix(name, "FOSTER_") {
			continue
		}
		mend := "remove it, or see the configuration table for the right name"
		if near := Nearest(name, candidates); near != "" {
			mend = "did you mean " + near + "?"
		}
		problems = append(problems, Problem{name, Redacted, "no such variable", mend})
	}
	return problems
}

// readValue reads a file that holds one value.
func readValue(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New("no such file")
	case err != nil:
		return "", errors.New("the file cannot be read")
	case info.IsDir():
		return "", errors.New("a directory, not a file")
	case info.Size() > maxValueFile:
		return "", errors.New("the file is larger than 1 MiB")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", errors.New("the file cannot be read")
	}
	if strings.ContainsRune(string(content), 0) {
		return "", errors.New("the file holds a NUL byte")
	}
	value := strings.TrimSuffix(string(content), "\n")
	return strings.TrimSuffix(value, "\r"), nil
}
