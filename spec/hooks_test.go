package spec

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

const hooksFile = `
services:
  web:
    image: x
    environment: {SERVICES: own}
    post_start:
      - {command: [a, "b c", "$$HOME"], user: "5:6", privileged: true, working_dir: /w, environment: {Z: hunter2, A: "${ONE}", GONE: }}
      - {command: echo 'two words' more}
    pre_stop:
      - {command: [down], environment: [B=hunter2, EMPTY=]}
`

// TestHooks: the commands as docker compose gives them to the engine.
func TestHooks(t *testing.T) {
	r, err := loadFile(t, hooksFile, "ONE=1")
	if err != nil {
		t.Fatal(err)
	}
	c := r.Project.Children[0]
	wantStart := []Hook{
		{Command: []string{"a", "b c", "$HOME"}, User: "5:6", Privileged: true, WorkingDir: "/w", Env: []string{"A=1", "GONE", "Z=hunter2"}},
		{Command: []string{"echo", "two words", "more"}},
	}
	wantStop := []Hook{{Command: []string{"down"}, Env: []string{"B=hunter2", "EMPTY="}}}
	if !reflect.DeepEqual(c.PostStart, wantStart) || !reflect.DeepEqual(c.PreStop, wantStop) {
		t.Errorf("post_start %+v, pre_stop %+v", c.PostStart, c.PreStop)
	}
	for _, format := range []string{FormatYAML, FormatJSON} {
		text, err := r.Marshal(format)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "two words") {
			t.Errorf("the values of a hook's environment are shown, or all is hidden:\n%s", text)
		}
	}
}

// TestHooksAreInTheHash: other hooks are another child.
func TestHooksAreInTheHash(t *testing.T) {
	seen := map[string]string{}
	for _, hooks := range []string{
		"", "post_start: [{command: a}]", "pre_stop: [{command: a}]", "post_start: [{command: b}]", "post_start: [{command: a}, {command: a}]",
		"post_start: [{command: a, user: u}]", "post_start: [{command: a, environment: {A: b}}]", "post_start: [{command: a, environment: {A: c}}]",
	} {
		r, err := loadFile(t, "services:\n  web:\n    image: x\n    "+hooks+"\n")
		if err != nil {
			t.Fatal(err)
		}
		hash := r.Project.Children[0].Hash
		if other, taken := seen[hash]; taken {
			t.Errorf("%q has the hash of %q", hooks, other)
		}
		seen[hash] = hooks
	}
}

func TestHookWithoutCommand(t *testing.T) {
	for _, hook := range []string{"{command: []}", "{command: ''}", "{command: }", "{user: u}"} {
		for _, at := range []string{"post_start", "pre_stop"} {
			_, err := loadFile(t, "services:\n  web: {image: x, "+at+": [{command: a}, "+hook+"]}\n")
			if problems := Problems(nil); !errors.As(err, &problems) || !strings.Contains(err.Error(), at) {
				t.Errorf("%s %s: %v", at, hook, err)
			}
		}
	}
}
