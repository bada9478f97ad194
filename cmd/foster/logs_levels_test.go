package main

import (
	"go/ast"
	"slices"
	"strings"
)

// openLevels are levels that are chosen elsewhere.
var openLevels = map[string][]string{
	"actions/progress.go p.level": {"info", "debug"}, // as "pulling" was
	"actions/child.go level":      {"warn", "debug"}, // warned.levels
	"actions/network.go level":    {"warn", "debug"}, // the same
}

// loggersKeys are the fields that a package's logger has from who made it.
var loggersKeys = map[string][]string{"web": {"listen"}}

// levels are those that an expression may be.
func (s *source) levels(path string, file *ast.File, e ast.Expr) []string {
	if known, ok := openLevels[path+" "+exprText(e)]; ok {
		s.opened[path+" "+exprText(e)] = true
		return known
	}
	switch e := e.(type) {
	case *ast.SelectorExpr:
		if name, ok := strings.CutSuffix(e.Sel.Name, "Level"); ok && exprText(e.X) == "zerolog" {
			return []string{strings.ToLower(name)}
		}
	case *ast.CallExpr:
		name := exprText(e.Fun)
		return s.levelsOf(path, file.Name.Name, name[strings.LastIndex(name, ".")+1:])
	case *ast.Ident:
		var all []string
		for _, value := range s.assigned(file, e) {
			all = append(all, s.levels(path, file, value)...)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	return nil
}

// levelsOf are those that a function or method of a package may return.
func (s *source) levelsOf(path, pkg, name string) []string {
	var all []string
	for key, f := range s.functions {
		if !strings.HasPrefix(key, pkg+".") || f.Name.Name != name || f.Type.Results == nil || exprText(f.Type.Results.List[0].Type) != "zerolog.Level" {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok {
				all = append(all, s.levels(path, &ast.File{Name: ast.NewIdent(pkg)}, r.Results[0])...)
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// assigned are the values that a variable gets in the function that it is in.
func (s *source) assigned(file *ast.File, to ast.Expr) []ast.Expr {
	name, ok := to.(*ast.Ident)
	if !ok {
		return nil
	}
	var values []ast.Expr
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil || name.Pos() < f.Pos() || name.Pos() > f.End() {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
				for i, left := range a.Lhs {
					if of, ok := left.(*ast.Ident); ok && of.Name == name.Name && a.Rhs[i] != to {
						values = append(values, a.Rhs[i])
					}
				}
			}
			return true
		})
	}
	return values
}
