package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gap stands for the part of a message that is another one each time.
const gap = "…"

// logged is what the program's source says of its log.
type logged struct {
	messages map[string][]logCall // by message, gaps for what is filled in
	fields   map[string]string    // the type, as docs/logs.md calls it, by key
	keys     map[string]bool      // package and key
}

// logCall is one place that logs a message, as far as it can be read off.
type logCall struct {
	at     string   // file and line
	pkg    string   // the package
	levels []string // those that it may have; none: that come with the words
	fields []string // those that are set in one go with the message
}

// fieldTypes are zerolog's methods that set a field.
var fieldTypes = map[string]string{
	"Str": "text", "Stringer": "text", "Bytes": "text", "Err": "text", "Int": "number", "Int64": "number", "Uint64": "number", "Float64": "number",
	"Bool": "yes or no", "Dur": "duration", "Time": "time", "Strs": "list", "Interface": "anything", "Any": "anything",
}

var levelMethods = map[string]string{"Debug": "debug", "Info": "info", "Warn": "warn", "Error": "error"}

// openMessages are the messages that are no words at the place that logs them,
// and the functions that have them.
var openMessages = map[string]string{
	"cmd/foster/tell.go text":       "report.Words",
	"cmd/foster/tell.go c.String()": "state.Change.String",
	"cmd/foster/tell.go verb":       "effects",
}

// openFields are the same for keys.
var openFields = map[string][]string{
	"cmd/foster/farewell.go r.key": {"container", "net", "volume"},
	"cmd/foster/reap/watch.go key": {"container", "net", "volume"},
}

// source is every package of the program, read and not yet understood.
type source struct {
	t         *testing.T
	set       *token.FileSet
	files     map[string]*ast.File     // by path within the module
	constants map[string]ast.Expr      // by package and name
	functions map[string]*ast.FuncDecl // by package, receiver and name
	opened    map[string]bool          // what of openMessages and openFields was needed
}

// readSource reads the whole module but for its tests and what only tests use.
func readSource(t *testing.T) *source {
	t.Helper()
	s := &source{t: t, set: token.NewFileSet(), files: map[string]*ast.File{}, constants: map[string]ast.Expr{}, functions: map[string]*ast.FuncDecl{}, opened: map[string]bool{}}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "test" || strings.HasPrefix(name, ".") && name != "."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(s.set, path, nil, parser.SkipObjectResolution)
		s.files[filepath.ToSlash(name)] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range s.files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				s.functions[file.Name.Name+"."+receiver(decl)+decl.Name.Name] = decl
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					if v, ok := spec.(*ast.ValueSpec); ok && decl.Tok == token.CONST && len(v.Values) == len(v.Names) {
						for i, name := range v.Names {
							s.constants[file.Name.Name+"."+name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
	return s
}

// receiver is "Type." for a method.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	name, _ := of.(*ast.Ident)
	return name.Name + "."
}

// read finds every call that logs.
func (s *source) read() logged {
	out := logged{messages: map[string][]logCall{}, fields: map[string]string{}, keys: map[string]bool{}}
	for _, path := range slices.Sorted(maps.Keys(s.files)) {
		file := s.files[path]
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch name := method.Sel.Name; {
			case (name == "Msg" || name == "Msgf") && len(call.Args) > 0:
				found := logCall{at: s.set.Position(call.Pos()).String(), pkg: file.Name.Name}
				s.chain(path, file, method.X, &found)
				for m, level := range s.messages(path, file, call.Args[0]) {
					said := found
					if level != "" {
						said.levels = strings.Split(level, ", ")
					}
					if len(said.levels) == 0 {
						s.t.Errorf("%s: at which level is that? Choose it where it can be seen, or put it into openLevels", said.at)
					}
					out.messages[m] = append(out.messages[m], said)
				}
			case fieldTypes[name] != "" && logs(file):
				for _, key := range s.keys(path, file, name, call) {
					if was := out.fields[key]; was != "" && was != fieldTypes[name] {
						s.t.Errorf("%s: field %q is %s here, and %s elsewhere", s.set.Position(call.Pos()), key, fieldTypes[name], was)
					}
					out.fields[key] = fieldTypes[name]
					out.keys[file.Name.Name+" "+key] = true
				}
			}
			return true
		})
	}
	for _, open := range slices.Concat(slices.Collect(maps.Keys(openMessages)), slices.Collect(maps.Keys(openFields)), slices.Collect(maps.Keys(openLevels))) {
		if !s.opened[open] {
			s.t.Errorf("%s logs nothing that has to be looked up any more: take it out of openMessages, openFields or openLevels", open)
		}
	}
	return out
}

// logs says whether a file knows of loggers: others have methods of such names too.
func logs(file *ast.File) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			found = found || sel.Sel.Name == "Msg" || sel.Sel.Name == "Msgf" || sel.Sel.Name == "Log" || sel.Sel.Name == "Logger"
		}
		return !found
	})
	return found
}

// chain follows what a message is called on back to its level.
func (s *source) chain(path string, file *ast.File, on ast.Expr, found *logCall) {
	call, ok := on.(*ast.CallExpr)
	if !ok {
		for _, value := range s.assigned(file, on) { // an event that was begun before
			s.chain(path, file, value, found)
		}
		return
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if level := levelMethods[method.Sel.Name]; level != "" && len(call.Args) == 0 {
		found.levels = []string{level}
		return
	}
	if method.Sel.Name == "WithLevel" {
		found.levels = s.levels(path, file, call.Args[0])
		return
	}
	if fieldTypes[method.Sel.Name] != "" {
		found.fields = append(found.fields, s.keys(path, file, method.Sel.Name, call)...)
	}
	for _, arg := range call.Args { // an event that a helper adds fields to
		s.chain(path, file, arg, found)
	}
	s.chain(path, file, method.X, found)
}

// keys are those that a call of a field's method may set.
func (s *source) keys(path string, file *ast.File, method string, call *ast.CallExpr) []string {
	switch {
	case method == "Err" && len(call.Args) == 1:
		return []string{"error"}
	case method == "Err" || len(call.Args) != 2:
		return nil
	}
	if key := s.words(file.Name.Name, call.Args[0]); len(key) == 1 && !strings.Contains(key[0], gap) {
		return key
	}
	open := path + " " + exprText(call.Args[0])
	s.opened[open] = true
	if known, ok := openFields[open]; ok {
		return known
	}
	s.t.Errorf("%s: which key is that? Name it there, or put %q into openFields", s.set.Position(call.Pos()), open)
	return nil
}

// messages are the forms that a message may have, with the level that comes
// with the words, if one does.
func (s *source) messages(path string, file *ast.File, arg ast.Expr) map[string]string {
	forms := map[string]string{}
	for _, form := range s.words(file.Name.Name, arg) {
		forms[form] = ""
	}
	if _, open := forms[gap]; !open {
		return forms
	}
	open := path + " " + exprText(arg)
	s.opened[open] = true
	switch where := openMessages[open]; {
	case where == "effects":
		return s.effects()
	case s.functions[where] != nil:
		forms = s.returnsWithLevel(strings.Split(where, ".")[0], s.functions[where])
		delete(forms, gap) // of a kind that there is not
		return forms
	}
	s.t.Errorf("%s: what is said here? Give it words of its own, or put %q into openMessages", s.set.Position(arg.Pos()), open)
	return nil
}
