package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports holds the rules that keep the parts apart. A package may be
// given a further import here, with its reason, or it must do without.
func TestImports(t *testing.T) {
	rules := []struct {
		pkg    string
		reason string
		never  []string // the package itself or anything below it
		only   []string // of this module, nothing else
	}{
		{
			pkg: "foster/state", reason: "the core decides and does nothing: no I/O, no clock, no chance, no other goroutine",
			never: []string{"os", "net", "context", "sync", "math/rand", "io", "syscall", "github.com", "go.uber.org", "pgregory.net"},
		},
		{
			pkg: "foster/spec", reason: "the wanted project is data: it talks to no engine and knows nothing of what runs",
			never: []string{"github.com/docker/docker/client", "github.com/rs/zerolog", "net/http"},
		},
		{pkg: "foster/watcher", reason: "it reads: what it must not do it cannot reach", only: []string{"foster/redact", "foster/state"}},
		{pkg: "foster/redact", reason: "it knows texts alone", only: []string{}},
		{pkg: "foster/actions", reason: "it acts on orders: what it must not know it cannot reach", only: []string{"foster/redact", "foster/state", "foster/spec"}},
		{pkg: "foster/report", reason: "it tells what the core decided: it can neither look nor act", only: []string{"foster/state"}},
		{pkg: "foster/report/web", reason: "it shows what the board has: it can neither look nor act", only: []string{"foster/report", "foster/state"}},
		{pkg: "foster/report/webhook", reason: "it reads the board at its own pace: it can hold nothing up", only: []string{"foster/report", "foster/state"}},
		{pkg: "foster/report/metrics", reason: "it counts what is reported: it can neither look nor act", only: []string{"foster/report", "foster/state"}},
		{pkg: "foster/output", reason: "it reads logs and hears what the core decided: it can change nothing", only: []string{"foster/report", "foster/state"}},
		{pkg: "foster/cmd/foster/chaos", reason: "it breaks and looks from outside, as an operator does: nothing of the watchdog vouches for itself", only: []string{"foster/spec"}},
		{pkg: "foster/cmd/foster/reap", reason: "it judges what it finds by labels and claims, never by what a foster of this process knows", only: []string{"foster/spec", "foster/state"}},
		{pkg: "foster/cmd/foster/status", reason: "it shows what a foster says or the engine has, and knows nothing of the watchdog", only: []string{"foster/report", "foster/spec"}},
		{pkg: "foster/test/soak", reason: "it judges foster, so it takes nothing from it", only: []string{"foster/test/lab"}},
		{pkg: "foster/test/engine", reason: "it stands for the engine, so it knows nothing of foster", only: []string{}},
	}
	for _, r := range rules {
		imports := listImports(t, r.pkg)
		for _, never := range r.never {
			for _, got := range imports {
				if got == never || strings.HasPrefix(got, never+"/") {
					t.Errorf("%s imports %s, but %s", r.pkg, got, r.reason)
				}
			}
		}
		for _, got := range imports {
			if r.only != nil && strings.HasPrefix(got, "foster/") && !slices.Contains(r.only, got) {
				t.Errorf("%s imports %s, but %s", r.pkg, got, r.reason)
			}
		}
	}
}

// listImports are the direct imports of a package, without its tests'.
func listImports(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, pkg).CombinedOutput()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", pkg, err, out)
	}
	return strings.Fields(string(out))
}

// TestStateIsPureAllTheWay looks at what the core imports indirectly too.
func TestStateIsPureAllTheWay(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{if not .Standard}}{{.ImportPath}}{{end}}`, "foster/state").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(out)); !slices.Equal(got, []string{"foster/state"}) {
		t.Errorf("foster/state depends on more than the standard library: %v", got)
	}
}
