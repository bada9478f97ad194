package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"foster/spec"
)

// configured is a program whose configuration is known to be right.
type configured struct {
	outside  outside
	environ  []string
	env      spec.Env
	settings settings
	log      zerolog.Logger
	endLog   func() // see newLogger
	project  string // as it is named outside of containers
}

// configure reads and checks everything that can be checked without an engine.
// All that is wrong comes back as one spec.Problems; warnings go to logs.
func configure(out outside, cmd *cobra.Command, logs io.Writer) (*configured, error) {
	environ := withFlags(out.environ, cmd.Flags())
	env, problems := spec.ReadEnv(environ, allVariables())
	s, more := readSettings(env)
	problems = append(problems, more...)
	c := &configured{outside: out, environ: environ, env: env, settings: s}
	c.log, c.endLog = newLogger(logs, out.journal, s.LogFormat, s.LogLevel)
	takeLibraryWarnings(c.log)
	if engine, err := newEngine(out); err != nil {
		problems = appendProblems(problems, err)
	} else if out.engine == nil {
		// Only the settings were of interest: nothing is connected yet.
		_ = engine.Close()
	}
	var loaded *spec.Result
	if !asksInVain(env, problems) {
		var err error
		if loaded, err = c.load(spec.Identity{}); err != nil {
			problems = appendProblems(problems, err)
		}
	}
	if len(problems) > 0 {
		c.endLog()
		return nil, problems.Sorted()
	}
	c.project = loaded.Project.Name
	for _, w := range loaded.Warnings {
		c.log.Warn().Msg("configuration: " + w)
	}
	return c, nil
}

// asksInVain says that FOSTER_FILE is set but not to be understood: what to
// launch is not known then, and LAUNCH_* not meant.
func asksInVain(env spec.Env, problems spec.Problems) bool {
	return slices.ContainsFunc(problems, func(p spec.Problem) bool { return p.Variable == env.Origin("FOSTER_FILE") })
}

// load makes the project for an identity; only names depend on that.
func (c *configured) load(id spec.Identity) (*spec.Result, error) {
	return spec.Load(spec.Options{
		Env: c.env, Environ: c.environ, Identity: id,
		Files: c.settings.Files, Root: filepath.Dir(spec.DefaultFile), Profiles: c.settings.Profiles,
		Version: version(),
	})
}

func appendProblems(problems spec.Problems, err error) spec.Problems {
	if more, ok := err.(spec.Problems); ok {
		return append(problems, more...)
	}
	return append(problems, spec.Problem{Variable: "configuration", What: err.Error()})
}

func environLookup(environ []string, name string) (string, bool) {
	for _, e := range slices.Backward(environ) {
		if k, v, ok := strings.Cut(e, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}
