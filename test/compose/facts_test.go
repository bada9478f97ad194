package compose_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/test/lab"
)

// facts is everything that an engine tells of a project, by kind and name, as
// `docker inspect` prints it. What is the engine's own choice and tells one
// object from another is replaced by the object's name.
func facts(ctx context.Context, t *testing.T, n *lab.Node, project *spec.Project) map[string]any {
	t.Helper()
	api := n.Client()
	var names []string // pairs for a Replacer
	raw := map[string][]byte{}
	keep := func(key string, text []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("inspect %s on %s: %v", key, n.Name, err)
		}
		raw[key] = text
	}
	id := func(id, name string) {
		if len(id) == 64 { // none yet: the container does not run
			names = append(names, id, "<"+name+">", id[:12], "<short "+name+">")
		}
	}

	for _, c := range project.Children {
		got, text, err := api.ContainerInspectWithRaw(ctx, c.ContainerName, false)
		keep("container "+c.Name, text, err)
		id(got.ID, c.Name)
		for _, f := range c.Files {
			told, err := n.Docker(ctx, "exec", c.ContainerName, "sh", "-c", `stat -c '%u:%g %a' "$0" && cat "$0"`, f.Path)
			owner, content, _ := strings.Cut(told, "\n")
			text, _ := json.Marshal(map[string]string{"as": owner, "content": content})
			keep("file "+c.Name+" "+strings.ReplaceAll(f.Path, "/", "~"), text, err)
		}
		for name, endpoint := range got.NetworkSettings.Networks { // host and none are among no project's networks
			id(endpoint.NetworkID, name)
		}
	}
	other, err := api.ContainerInspect(ctx, neighbour)
	if err != nil {
		t.Fatal(err)
	}
	id(other.ID, neighbour)
	for _, w := range project.Networks {
		got, text, err := api.NetworkInspectWithRaw(ctx, w.Name, network.InspectOptions{})
		if err != nil {
			t.Fatalf("inspect network %s on %s: %v", w.Name, n.Name, err)
		}
		id(got.ID, w.Name)
		if !w.External { // others may use those at the same time
			keep("network "+w.Key, text, nil)
		}
	}
	for _, w := range project.Volumes {
		_, text, err := api.VolumeInspectWithRaw(ctx, w.Name)
		keep("volume "+w.Key, text, err)
	}
	names = append(names, n.Dir, "<engine>")

	out := map[string]any{}
	replace := strings.NewReplacer(names...)
	for key, text := range raw {
		var tree any
		if err := json.Unmarshal([]byte(replace.Replace(string(text))), &tree); err != nil {
			t.Fatal(err)
		}
		out[key] = tree
	}
	return out
}
