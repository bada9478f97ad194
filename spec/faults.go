package spec

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/compose-spec/compose-go/v2/tree"
	"github.com/compose-spec/compose-go/v2/types"
)

const (
	mendFile = "mend the file; `docker compose config` tells the same"
	ownPaths = "paths are those of foster's own container"
	ownMount = "mount it into foster's own container"
)

// faults finds what is wrong with files that compose-go has refused. It tells of
// the first fault only, so each part of the files is loaded alone; then the
// references between them are followed; and when nothing is found that way the
// refusal itself is what there is to report.
func (in *input) faults(refusal error, project string) Problems {
	var problems Problems
	if errors.As(refusal, &problems) { // of foster's own extensions, complete
		return in.placed(problems)
	}
	for _, s := range in.sources {
		for _, part := range s.parts() {
			problems = append(problems, in.judge(s, part, project)...)
		}
	}
	if len(problems) == 0 {
		if loose, err := in.read(in.configFiles(), project, unchecked); err == nil {
			problems = in.references(loose)
		}
	}
	if len(problems) == 0 {
		problems = in.told(in.sources, refusal, "")
	}
	return problems
}

// unchecked leaves out what needs other parts of the document or other files.
func unchecked(o *loader.Options) {
	o.SkipConsistencyCheck = true
	o.SkipResolveEnvironment = true
	o.SkipResolveLabels = true
}

// judge loads one part of a file alone.
func (in *input) judge(s source, p part, project string) Problems {
	loaded, err := in.read([]types.ConfigFile{{Filename: s.file, Config: p.document}}, project, unchecked, func(o *loader.Options) {
		o.SkipExtends = true
		o.SkipNormalization = true
	})
	if err != nil {
		return in.told([]source{s}, err, p.path)
	}
	var problems Problems
	for name, service := range loaded.AllServices() {
		if service.Extends == nil || service.Extends.File == "" {
			continue
		}
		file := service.Extends.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(in.workingDir(), file)
		}
		if _, err := os.Stat(file); err != nil {
			path := "services." + name + ".extends"
			line, _ := s.find(path)
			problems = append(problems, Problem{at(s.file, line), path, in.withoutValues("there is no file " + file), ownMount + ": " + ownPaths})
		}
	}
	return problems
}

// told turns compose-go's error into problems: each of joined ones, with its
// place in the files: that of the path that it names, or else of the given one.
func (in *input) told(sources []source, err error, path string) Problems {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems Problems
		for _, e := range joined.Unwrap() {
			problems = append(problems, in.told(sources, e, path)...)
		}
		return problems
	}
	text, file := err.Error(), ""
	if m := validating.FindStringSubmatch(text); m != nil {
		file, text = m[1], text[len(m[0]):]
	}
	if named := documentPath.FindString(text); named != "" {
		path = named
	} else if m := serviceNamed.FindStringSubmatch(text); m != nil {
		path = "services." + m[1]
	}
	p := Problem{What: text, Mend: mendFile}
	var missing *fs.PathError
	switch m := noAttribute.FindStringSubmatch(text); {
	case m != nil:
		parent, name := m[1]+m[3], m[2]+m[4]
		p.Value, p.What, p.Mend = parent, "there is no attribute "+name, "remove it"
		if near := Nearest(name, attributes(parent)); near != "" {
			p.Mend = "did you mean " + near + "?"
		}
		path = strings.TrimPrefix(parent+"."+name, ".")
	case errors.As(err, &missing) && errors.Is(err, fs.ErrNotExist):
		p.What, p.Mend = "there is no file "+missing.Path, ownMount+": "+ownPaths
	case strings.Contains(text, "required variable"):
		p.Mend = "set it in foster's environment, or in the file of LAUNCH_ARG_ENVFILE"
	}
	p.What = in.withoutValues(p.What)
	p.Variable = in.place(sources, file, path)
	return Problems{p}
}

var (
	validating   = regexp.MustCompile(`^validating (.+?): `)
	documentPath = regexp.MustCompile(`\b(services|networks|volumes|secrets|configs|models|include)\.[^\s:'"]+`)
	serviceNamed = regexp.MustCompile(`\bservice "([^"]+)"`)
	// noAttribute is how the schema says it, of the service's own and of others.
	noAttribute = regexp.MustCompile(`^(\S*) ?additional properties '([^']+)'.* not allowed|^(\S+)\.([^\s.]+) false schema$`)
)

// attributes are the names that the Compose Specification has at a path.
func attributes(path string) []string {
	var names []string
	for _, p := range schema.AttributePaths() {
		if path == "" && p.Parent() == "" || path != "" && tree.Path(path).Matches(p.Parent()) {
			names = append(names, p.Last())
		}
	}
	return names
}

// place is the file, and the line if the path is found, of which compose-go
// speaks: the one that it names, or the last that says most about the path.
func (in *input) place(sources []source, file, path string) string {
	var most, line int
	found := ""
	for _, s := range sources {
		if file != "" && s.file != file {
			continue
		}
		if l, n := s.find(path); n > 0 && n >= most {
			most, line, found = n, l, s.file
		}
	}
	switch {
	case found != "":
		return at(found, line)
	case file != "":
		if content, err := readFile(file); err == nil { // included
			s, _ := newSource(file, content)
			line, _ = s.find(path)
		}
		return at(file, line)
	case len(sources) == 1:
		return sources[0].file
	}
	return in.where()
}

// placed gives problems with paths in the document their place in the files.
func (in *input) placed(problems Problems) Problems {
	if len(in.sources) == 0 {
		return problems
	}
	for i := range problems {
		problems[i].Variable = in.place(in.sources, "", problems[i].Value)
		problems[i].What = in.withoutValues(problems[i].What)
	}
	return problems
}
