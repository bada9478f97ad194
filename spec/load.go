package spec

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
)

// DefaultFile is where a compose file is mounted, and the file that the labels
// of a child made from LAUNCH_* name.
const DefaultFile = "/docker-compose.yml"

// Options is what Load works from.
type Options struct {
	Env Env // as ReadEnv gives it
	// Environ is foster's own environment, "NAME=value": ${…} and names passed
	// on to the child are looked up in it, COMPOSE_FILE and its like too.
	Environ  []string
	Identity Identity
	// Files are the compose files that were asked for, in the order in which
	// they are merged. When there are none, COMPOSE_FILE names them, or those of
	// the usual names in the directory Root are taken ("": do not look); and
	// without any the LAUNCH_* variables tell what to launch.
	Files []string
	Root  string
	// Profiles are those that are on; without any COMPOSE_PROFILES names them.
	Profiles []string
	Version  string // of foster, for the labels
}

// Result is what there is to launch, and what to tell the operator about it.
type Result struct {
	Project  *Project
	Document *types.Project // between input and Project; see Marshal
	Login    Login
	Warnings []string

	secrets []string // values that nothing may show
}

// Login is the access to registries that was configured. Nothing here may be
// logged.
type Login struct {
	AuthConfig               string // DOCKER_AUTH_CONFIG
	User, Password, Registry string
}

// Load makes the project from LAUNCH_* or from compose files, with the labels
// of this run on it. When the operator has to mend something the error is
// Problems; it never holds anything secret.
func Load(o Options) (*Result, error) {
	in := &input{Options: o, problems: slices.Clone(o.Env.problems)}
	in.readEnvironment()
	in.checkLogin()
	if len(in.files) > 0 {
		in.loadFiles()
	} else {
		in.loadLaunch()
	}
	if len(in.problems) > 0 {
		return nil, in.problems.err()
	}
	project, warnings, problems := convert(in.document, in.where())
	if len(problems) > 0 {
		return nil, in.placed(problems).err()
	}
	project.Stamp(o.Identity, o.Version)
	return &Result{
		Project:  project,
		Document: in.document,
		Login:    in.login(),
		Warnings: append(in.warnings, warnings...),
		secrets:  append(in.secrets(), in.broughtSecrets()...),
	}, nil
}

// input is one Load at work.
type input struct {
	Options
	environment types.Mapping
	brought     map[string]string // value -> name, of what ${…} brought in
	blind       bool              // some of the environment could not be read
	files       []string          // absolute; none with LAUNCH_*
	sources     []source          // what is in the files
	document    *types.Project
	problems    Problems
	warnings    []string
}

// where names the document in problems and warnings.
func (in *input) where() string {
	if len(in.files) > 0 {
		return strings.Join(in.files, ", ")
	}
	return "LAUNCH_*"
}

func (in *input) loadLaunch() {
	project := in.projectName()
	if project == "" {
		project = in.Identity.ProjectName()
	}
	l := in.launch()
	if w, ok := l.text("LAUNCH_SERVICE_NAME"); ok {
		if !composeKey.MatchString(w.value) {
			l.problem("LAUNCH_SERVICE_NAME", w, "not a service name", "use letters, digits, '_', '.' and '-'")
		} else {
			l.child = w.value
		}
	}
	l.read()
	in.warnings = append(in.warnings, l.warnings...)
	in.problems = append(in.problems, l.problems...)
	if len(in.problems) > 0 {
		return
	}
	document, err := in.compose(l.build(l.pieces), project)
	if err != nil {
		in.problems = append(in.problems, in.blame(l, project, err)...)
		return
	}
	in.document = document
}

// projectName reads LAUNCH_PROJECT_NAME, "" when unset or bad.
func (in *input) projectName() string {
	l := in.launch()
	w, ok := l.text("LAUNCH_PROJECT_NAME")
	if ok && !composeProject.MatchString(w.value) {
		mend := "use lower-case letters, digits, '-' and '_', a letter or digit first"
		if name := projectName(w.value); name != "" {
			mend += ", such as " + name
		}
		l.problem("LAUNCH_PROJECT_NAME", w, "not a project name", mend)
		w.value = ""
	}
	in.problems = append(in.problems, l.problems...)
	return w.value
}

func (in *input) launch() *launch {
	return &launch{env: in.Env, lookup: in.noting(in.environment.Resolve), blind: in.blind, child: in.Identity.ChildName()}
}

// compose loads a document made of LAUNCH_*, which is interpolated already.
func (in *input) compose(document map[string]any, project string) (*types.Project, error) {
	loaded, err := in.read([]types.ConfigFile{{Filename: DefaultFile, Config: document}}, project, func(o *loader.Options) {
		o.SkipInclude = true
		o.Interpolate.Substitute = func(s string, _ template.Mapping) (string, error) { return s, nil }
	})
	if err != nil {
		return nil, err
	}
	loaded.ComposeFiles = []string{DefaultFile}
	return in.labelled(loaded).WithoutUnnecessaryResources(), nil
}

// blame finds the variables that compose-go does not like: those whose pieces
// fail alone, and else the first that fails with the ones before it.
func (in *input) blame(l *launch, project string, whole error) Problems {
	groups := map[string][]piece{}
	var order []string
	for _, p := range l.pieces {
		if groups[p.variable] == nil {
			order = append(order, p.variable)
		}
		groups[p.variable] = append(groups[p.variable], p)
	}
	image := piece{"LAUNCH_IMAGE", func(d *document) { d.service["image"] = "scratch" }}
	var problems Problems
	report := func(variable string, err error) {
		what := "compose refuses it"
		if variable == "" {
			variable = "LAUNCH_*"
		}
		if !hidden(variable) && l.env.Origin(variable) == variable {
			what += ": " + in.withoutValues(err.Error())
		}
		problems = append(problems, Problem{l.env.Origin(variable), l.show(variable, word{raw: l.env.Get(variable)}), what, "see the configuration table for its form"})
	}
	for _, variable := range order {
		if _, err := in.compose(l.build(append([]piece{image}, groups[variable]...)), project); err != nil {
			report(variable, err)
		}
	}
	if len(problems) > 0 {
		return problems
	}
	upTo := []piece{image}
	for _, variable := range order {
		upTo = append(upTo, groups[variable]...)
		if _, err := in.compose(l.build(upTo), project); err != nil {
			report(variable, err)
			return problems
		}
	}
	report("", whole)
	return problems
}

// hidden says that text about a variable's value may hold something secret.
func hidden(variable string) bool {
	switch variable {
	case "LAUNCH_COMMAND", "LAUNCH_ENVFILES", "LAUNCH_LABELS":
		return true
	}
	for _, v := range Variables {
		if v.Name == variable {
			return v.Secret
		}
	}
	return strings.HasPrefix(variable, "LOGIN_")
}
