package watcher

import (
	"bytes"
	"strings"
	"testing"

	"foster/spec"
	"foster/state"
	"foster/test/engine"

	"github.com/docker/docker/api/types/container"
	"github.com/rs/zerolog"
)

func TestGenuineLabel(t *testing.T) {
	if labelContainer != spec.LabelContainer {
		t.Error("package spec writes another label")
	}
}

// TestCopies: what carries the project's labels is not the project's by that.
func TestCopies(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		var log bytes.Buffer
		b.cfg.Log = zerolog.New(zerolog.SyncWriter(&log))
		b.cfg.Genuine = spec.Genuine
		b.network()
		b.AddImage("commit:1", engine.Image{})
		run := func(name, image string, over ...string) string {
			labels := map[string]string{
				labelProject: "p", labelChild: "web", labelHash: "h", labelParent: "self", spec.LabelContainer: "web", spec.LabelImage: "app:1",
				"com.docker.compose.project": "p", "com.docker.compose.service": "web", "com.docker.compose.config-hash": "c",
			}
			for i := 0; i+1 < len(over); i += 2 {
				labels[over[i]] = over[i+1]
			}
			id, err := b.Run(engine.Container{Name: name, Config: &container.Config{Image: image, Labels: labels}, Host: &container.HostConfig{}})
			b.must(err)
			return id
		}
		ids := func(op int, child string) string {
			var out []string
			for _, c := range b.observed(state.Observe{Op: op, Child: child}).Children {
				what := c.ID
				if c.Holder != "" {
					what += " held: " + c.Holder
				}
				out = append(out, what)
			}
			return strings.Join(out, ", ")
		}
		committed := run("debug", "commit:1")
		run("hand", "app:1", labelHash, "")
		b.run()
		if got := ids(1, ""); got != "" {
			t.Errorf("copies are taken for the child: %s", got)
		}
		ids(2, "web")
		if said := log.String(); strings.Count(said, committed[:12]) != 1 || strings.Count(said, "it is left alone") != 2 || !strings.Contains(said, "made from image commit:1") {
			t.Errorf("it is not told once:\n%s", said)
		}

		copied := run("copy", "app:1")
		if got := ids(3, ""); !strings.HasPrefix(got, copied+" held: container copy ("+copied[:12]+"), which is web renamed, or a copy of it") {
			t.Errorf("a copy that may be the child: %s", got)
		}
		web := run("web", "app:1")
		if got := ids(4, "web"); got != web {
			t.Errorf("the child beside its copies: %s, want %s", got, web)
		}
		// It is known now, whatever its name.
		b.must(b.Rename("web", "other"))
		if got := ids(5, ""); got != web {
			t.Errorf("the child, renamed: %s, want %s", got, web)
		}
		b.must(b.Destroy("other"))
		b.must(b.Exit("copy", 0))
		if got := ids(6, ""); got != "" {
			t.Errorf("a copy that has ended: %s", got)
		}
	})
}

// TestRenamedBeforeTheFirstLook: the event of its creation is enough to know the child by.
func TestRenamedBeforeTheFirstLook(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.cfg.Genuine = func(name, _ string, labels map[string]string) string {
			if name != labels[labelContainer] {
				return "no"
			}
			return ""
		}
		b.network()
		b.run()
		b.expect("StreamBack")
		id := b.child("web", labelContainer, "web")
		b.must(b.Rename("web", "other"))
		b.heard(1)
		if got := b.observed(state.Observe{Op: 1}); len(got.Children) != 1 || got.Children[0].ID != id || got.Children[0].Holder != "" {
			t.Errorf("%+v", got.Children)
		}
	})
}
