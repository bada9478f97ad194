package main

import (
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var verbs = regexp.MustCompile(`%[-+# 0]*[0-9.]*[a-zA-Z]`)

// words are the texts that an expression may be, with gaps.
func (s *source) words(pkg string, e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{verbs.ReplaceAllString(text, gap)}
		}
	case *ast.ParenExpr:
		return s.words(pkg, e.X)
	case *ast.BinaryExpr:
		var all []string
		for _, a := range s.words(pkg, e.X) {
			for _, b := range s.words(pkg, e.Y) {
				all = append(all, a+b)
			}
		}
		return all
	case *ast.Ident:
		if c := s.constants[pkg+"."+e.Name]; c != nil {
			return s.words(pkg, c)
		}
	case *ast.SelectorExpr:
		if of, ok := e.X.(*ast.Ident); ok {
			if c := s.constants[of.Name+"."+e.Sel.Name]; c != nil {
				return s.words(of.Name, c)
			}
		}
	case *ast.CallExpr:
		switch f := e.Fun.(type) {
		case *ast.SelectorExpr:
			if f.Sel.Name == "Sprintf" {
				return s.words(pkg, e.Args[0])
			}
		case *ast.Ident:
			if to := s.functions[pkg+"."+f.Name]; to != nil {
				return s.returns(pkg, to)
			}
		}
	}
	return []string{gap}
}

// returns are the texts that a function may return.
func (s *source) returns(pkg string, f *ast.FuncDecl) []string {
	return slices.Sorted(maps.Keys(s.returnsWithLevel(pkg, f)))
}

// returnsWithLevel are the texts that a function may return as its last result,
// with the zerolog.Level that is its first, if that is one.
func (s *source) returnsWithLevel(pkg string, f *ast.FuncDecl) map[string]string {
	all := map[string]string{}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		r, ok := n.(*ast.ReturnStmt)
		if !ok {
			return true
		}
		level := ""
		if of, ok := r.Results[0].(*ast.SelectorExpr); ok && exprText(of.X) == "zerolog" {
			level = strings.ToLower(strings.TrimSuffix(of.Sel.Name, "Level"))
		}
		for _, text := range s.words(pkg, r.Results[len(r.Results)-1]) {
			if was := all[text]; was != "" && was != level {
				level = was + ", " + level // one or the other
			}
			all[text] = level
		}
		return true
	})
	return all
}

// effects are the verbs of what the core orders: each is a message, at the level
// that loop.effect chooses for its type.
func (s *source) effects() map[string]string {
	all, debugs := map[string]string{}, map[string]bool{}
	ast.Inspect(s.functions["main.loop.effect"].Body, func(n ast.Node) bool {
		c, ok := n.(*ast.CaseClause)
		if !ok || len(c.Body) == 0 {
			return true
		}
		if set, ok := c.Body[0].(*ast.AssignStmt); ok && exprText(set.Rhs[0]) == "zerolog.DebugLevel" {
			for _, of := range c.List {
				debugs[exprText(of)] = true
			}
		}
		return true
	})
	for name := range s.functions {
		of, ok := strings.CutSuffix(name, ".effect")
		if !ok || !strings.HasPrefix(of, "state.") || of == "state.Note" || of == "state.Quit" { // told in words
			continue
		}
		ast.Inspect(s.functions[of+".String"].Body, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok {
				text := r.Results[0]
				if call, ok := text.(*ast.CallExpr); ok {
					text = call.Args[0]
				}
				verb, _, _ := strings.Cut(s.words("state", text)[0], " ")
				all[verb] = "info"
				if debugs[of] {
					all[verb] = "debug"
				}
			}
			return true
		})
	}
	return all
}

// exprText is an expression as it is written, as far as keys and messages go.
func exprText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return exprText(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return exprText(e.Fun) + "()"
	}
	return "?"
}
