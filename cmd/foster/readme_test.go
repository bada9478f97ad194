package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"foster/spec"
)

var update = flag.Bool("update", false, "rewrite the README's table of variables")

const (
	readme     = "../../README.md"
	tableStart = "<!-- variables: generated, see cmd/foster/readme_test.go -->\n"
	tableEnd   = "<!-- end of variables -->\n"
)

// TestReadmeTable holds the README's table of variables and the code together:
// `go test ./cmd/foster -run Readme -update` writes it anew.
func TestReadmeTable(t *testing.T) {
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), tableStart)
	got, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("the README has no marks for the table")
	}
	want := variableTable()
	if *update {
		if err := os.WriteFile(readme, []byte(before+tableStart+want+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("the README's table is not the code's (-update writes it anew); the code says\n%s", want)
	}
}

func variableTable() string {
	var b strings.Builder
	b.WriteString("| variable | meaning | default | example |\n|---|---|---|---|\n")
	for _, v := range append(append([]spec.Variable{}, spec.Variables...), variables...) {
		example := ""
		if v.Example != "" {
			example = "`" + strings.ReplaceAll(v.Example, "|", `\|`) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", v.Name, v.Doc, v.Default, example)
	}
	return b.String()
}

// TestVariableExamples: every example of a FOSTER_ setting is a valid value,
// and so is every default.
func TestVariableExamples(t *testing.T) {
	for _, v := range variables {
		for _, value := range []string{v.Example, v.Default} {
			env, problems := spec.ReadEnv([]string{v.Name + "=" + value}, allVariables())
			_, more := readSettings(env)
			if len(problems)+len(more) > 0 {
				t.Errorf("%s=%s: %v %v", v.Name, value, problems, more)
			}
		}
	}
}

// TestReadmeExitCodes: each code that the program knows is explained.
func TestReadmeExitCodes(t *testing.T) {
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{exitOK, exitFailure, exitUnavailable, exitConfig, 125} {
		if !strings.Contains(string(raw), fmt.Sprintf("\n| %d | ", code)) {
			t.Errorf("the README does not explain exit code %d", code)
		}
	}
	if !strings.Contains(string(raw), fmt.Sprintf("\n| %d + n | ", exitSignal)) {
		t.Error("the README does not explain the code of the second signal")
	}
}
