package chaos

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"foster/spec"
)

func healthchecked() dockerspec.DockerOCIImageConfig {
	return dockerspec.DockerOCIImageConfig{DockerOCIImageConfigExt: dockerspec.DockerOCIImageConfigExt{
		Healthcheck: &container.HealthConfig{Test: []string{"CMD", "true"}},
	}}
}

// TestRefusals: what is not a living foster's child is refused by name, with
// the reason, and nothing is asked of the engine but questions.
func TestRefusals(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		w.child("q", "web")
		w.run("stranger", nil, "front")
		w.run("half", map[string]string{spec.LabelProject: "p"}, "front")
		w.run("x-forged", w.labels("x", "forged", strings.Repeat("0", 64)), "front")
		w.run("h-hosted", w.labels("h", "hosted", ""), "front")
		dead := w.run("dead", nil)
		w.run("o-orphan", w.labels("o", "orphan", dead), "front")
		if err := w.e.Kill(dead); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			name string
			make func(*Options)
			want string
		}{
			{"several projects", func(*Options) {}, "--project: there are 5 projects on this engine, and none is named; name one or more: h, o, p, q, x"},
			{"no such project", func(o *Options) { o.Projects = []string{"nope"} }, `--project="nope": no child of it is on this engine; there are h, o, p, q, x`},
			{"no such child", func(o *Options) { o.Projects, o.Children = []string{"p"}, []string{"nope"} }, "neither a child nor a container of this name; there are p/web"},
			{"ambiguous", func(o *Options) { o.Children = []string{"web"} }, "there is one in several projects; name one of p/web, q/web"},
			{"somebody else's container", func(o *Options) { o.Children = []string{"stranger"} }, "is not foster's: it lacks the labels foster.project and foster.child"},
			{"half the labels", func(o *Options) { o.Children = []string{"half"} }, "is not foster's"},
			{"another project's", func(o *Options) { o.Projects, o.Children = []string{"p"}, []string{"q-web"} }, "belongs to project q, which --project does not name"},
			{"a parent that never was", func(o *Options) { o.Children = []string{"forged"} }, "its parent, container 000000000000, is gone"},
			{"a dead parent", func(o *Options) { o.Children = []string{"orphan"} }, "is exited: nobody would bring it back"},
			{"no parent", func(o *Options) { o.Children = []string{"hosted"} }, "--on-host"},
			{"no such network", func(o *Options) { o.Projects, o.Kinds, o.Cuts = []string{"p"}, nil, []string{"side"} }, "p/web is left out: it is attached to no network side"},
		} {
			o := options()
			x.make(&o)
			if _, err := Survey(t.Context(), w.e, o); err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%s: %v\nwant %s", x.name, err, x.want)
			}
		}
		o := options()
		o.Children, o.OnHost = []string{"hosted"}, true
		if found, err := Survey(t.Context(), w.e, o); err != nil || len(found.Targets) != 1 {
			t.Errorf("--on-host: %v", err)
		}
		for _, seen := range []string{"h", "p"} {
			o.OnHost, o.Hosted = false, func(project string) bool { return project == seen }
			if _, err := Survey(t.Context(), w.e, o); (err == nil) != (seen == "h") {
				t.Errorf("a foster of %s is seen on the host: %v", seen, err)
			}
		}
		if n := w.actions(); n > 0 {
			t.Errorf("%d faults", n)
		}
	})
}

// TestTouchesNobodyElse: strangers on the same networks, and children that were
// not chosen, run on.
func TestTouchesNobodyElse(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		var others []container.InspectResponse
		for _, id := range []string{w.run("stranger", nil, "front", "p_back"), w.child("p", "db"), w.child("q", "web"), w.parent} {
			c, err := w.e.Look(id)
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, c)
		}
		o := options()
		o.Children, o.Kinds, o.Cuts, o.Rounds = []string{"p/web"}, []Kind{Kill, Stop, Remove, Pause}, []string{"front"}, 20
		if s := w.must(o); s.Done != 20 || len(s.Never) > 0 {
			t.Errorf("%+v", s)
		}
		for _, c := range others {
			w.untouched(c)
		}
	})
}

// TestStableOf reads the setting as the foster in the container does.
func TestStableOf(t *testing.T) {
	for _, x := range []struct {
		env, words []string
		want       time.Duration
	}{
		{nil, nil, DefaultStable},
		{[]string{"A=b", "FOSTER_STABLE_AFTER=500ms"}, nil, 500 * time.Millisecond},
		{[]string{"FOSTER_STABLE_AFTER=1m"}, []string{"run", "--stable-after", "3s"}, 3 * time.Second},
		{nil, []string{"--stable-after=4s"}, 4 * time.Second},
		{[]string{"FOSTER_STABLE_AFTER=soon"}, []string{"--stable-after"}, DefaultStable},
	} {
		c := container.InspectResponse{Config: &container.Config{Env: x.env, Cmd: x.words}}
		if got := stableOf(c); got != x.want {
			t.Errorf("%v %v: %s, want %s", x.env, x.words, got, x.want)
		}
	}
}
