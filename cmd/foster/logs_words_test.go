package main

import (
	"go/ast"
	"go/token"
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

// returns are the texts that a function may return, as its last result.
func (s *source) returns(pkg string, f *ast.FuncDecl) []string {
	var all []string
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			all = append(all, s.words(pkg, r.Results[len(r.Results)-1])...)
		}
		return true
	})
	return all
}

// effects are the verbs of what the core orders: each is a message.
func (s *source) effects() []string {
	var all []string
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
				all = append(all, verb)
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
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
