package actions

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"

	"foster/spec"
	"foster/state"
	"foster/test/engine"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// onEngine runs a test on an engine in memory that has no image.
func onEngine(t *testing.T, f func(t *testing.T, e *engine.Engine)) {
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(engine.Options{Version: "28.0"})
		defer e.Close()
		f(t, e)
	})
}

func TestRefreshAsksForAnOldImage(t *testing.T) {
	for name, tc := range map[string]struct {
		fresh bool
		age   time.Duration // of the image's tag; negative: never tagged
		asks  bool
	}{
		"young":                      {true, 23 * time.Hour, false},
		"as old as it may be":        {true, 24 * time.Hour, false},
		"old":                        {true, 24*time.Hour + time.Second, true},
		"old, not at a launch":       {false, 48 * time.Hour, false},
		"the engine keeps no record": {true, -1, true},
	} {
		t.Run(name, func(t *testing.T) {
			onEngine(t, func(t *testing.T, e *engine.Engine) {
				img := engine.Image{}
				if tc.age >= 0 {
					img.LastTagTime = time.Now().Add(-tc.age)
				}
				e.AddImage("app:1", img)
				e.Publish("app:1", engine.Image{})
				p := project()
				p.Children[0].Pull, p.Children[0].PullEvery = spec.PullRefresh, 24*time.Hour
				r := run(t, e, p)
				defer r.end()
				check(t, r.done(t, state.Prepare{Op: 1, Child: "web", Fresh: tc.fresh}), state.OK, "", "")
				if asked := e.Count(engine.ImagePull) == 1; asked != tc.asks {
					t.Errorf("%d pulls", e.Count(engine.ImagePull))
				}
			})
		})
	}
}

func TestRefreshFetchesAMissingImage(t *testing.T) {
	onEngine(t, func(t *testing.T, e *engine.Engine) {
		e.Publish("app:1", engine.Image{})
		p := project()
		p.Children[0].Pull, p.Children[0].PullEvery = spec.PullRefresh, 24*time.Hour
		r := run(t, e, p)
		defer r.end()
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.OK, "", "")
		if n := e.Count(engine.ImagePull); n != 1 {
			t.Errorf("%d pulls", n)
		}
	})
}

// TestMountedImages: what a child mounts is fetched when it is missing, under
// every policy.
func TestMountedImages(t *testing.T) {
	onEngine(t, func(t *testing.T, e *engine.Engine) {
		e.AddImage("app:1", engine.Image{})
		e.AddImage("here:1", engine.Image{})
		e.Publish("data:1", engine.Image{})
		p := project()
		p.Children[0].Pull = spec.PullNever
		p.Children[0].Host = &container.HostConfig{Mounts: []mount.Mount{
			{Type: mount.TypeImage, Source: "here:1"}, {Type: mount.TypeImage, Source: "data:1"}, {Type: mount.TypeBind, Source: "/none"},
		}}
		r := run(t, e, p)
		defer r.end()
		for range 2 {
			check(t, r.done(t, state.Prepare{Op: 1, Child: "web", Fresh: true}), state.OK, "", "")
		}
		if n := e.Count(engine.ImagePull); n != 1 {
			t.Errorf("%d pulls", n)
		}
		e.RemoveImage("here:1")
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.Permanent, "", "here:1")
	})
}

func TestDigests(t *testing.T) {
	for name, tc := range map[string]struct {
		ref    string
		policy spec.PullPolicy
		stage  func(e *engine.Engine)
		class  state.Class
		words  []string
		pulls  int
	}{
		"pulled": {"team/app@" + digestA, spec.PullMissing, func(e *engine.Engine) {
			e.Publish("team/app:1", engine.Image{Digest: digestA})
		}, state.OK, nil, 1},
		"with a tag": {"team/app:2@" + digestA, spec.PullMissing, func(e *engine.Engine) {
			e.Publish("team/app:1", engine.Image{Digest: digestA})
			e.Publish("team/app:2", engine.Image{Digest: digestB}) // the tag has moved on
		}, state.OK, nil, 1},
		"none such": {"team/app@" + digestA, spec.PullMissing, func(e *engine.Engine) {
			e.Publish("team/app:1", engine.Image{Digest: digestB})
		}, state.Permanent, []string{"no such tag or digest"}, 1},
		"another one comes": {"team/app@" + digestA, spec.PullMissing, func(e *engine.Engine) {
			e.Publish("team/app@"+digestA, engine.Image{Digest: digestB})
		}, state.Permanent, []string{"digest mismatch", digestA, "has " + digestB, "LAUNCH_IMAGE"}, 1},
		"another one is here": {"team/app@" + digestA, spec.PullNever, func(e *engine.Engine) {
			e.AddImage("team/app@"+digestA, engine.Image{})
		}, state.Permanent, []string{"digest mismatch", digestA, "has none"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			onEngine(t, func(t *testing.T, e *engine.Engine) {
				tc.stage(e)
				p := project()
				p.Children[0].Image, p.Children[0].Pull = tc.ref, tc.policy
				r := run(t, e, p)
				defer r.end()
				d := r.done(t, state.Prepare{Op: 1, Child: "web", Fresh: true})
				check(t, d, tc.class, "", "")
				for _, w := range tc.words {
					if !strings.Contains(d.Detail, w) {
						t.Errorf("%q does not say %q", d.Detail, w)
					}
				}
				if n := e.Count(engine.ImagePull); n != tc.pulls {
					t.Errorf("%d pulls", n)
				}
				if tc.class == state.OK { // and it is found again
					check(t, r.done(t, state.Prepare{Op: 2, Child: "web", Fresh: true}), state.OK, "", "")
					if n := e.Count(engine.ImagePull); n != tc.pulls {
						t.Errorf("%d pulls", n)
					}
				}
			})
		})
	}
}

// TestOnePullForTwoChildren: the second waits for the first and finds the image;
// one that is given up while it waits ends at once.
func TestOnePullForTwoChildren(t *testing.T) {
	onEngine(t, func(t *testing.T, e *engine.Engine) {
		e.Publish("app:1", engine.Image{PullTime: time.Minute})
		p := project()
		for _, name := range []string{"db", "late"} {
			other := p.Children[0]
			other.Name, other.ContainerName = name, "p-"+name+"-1"
			p.Children = append(p.Children, other)
		}
		began := time.Now()
		r := run(t, e, p)
		defer r.end()
		for op, name := range []string{"", "web", "db", "late"} {
			if op > 0 {
				r.in <- state.Prepare{Op: op, Child: name}
				synctest.Wait()
			}
		}
		r.in <- state.Cancel{Op: 3}
		if d := r.await(t); d.Op != 3 || d.Class != state.Canceled || time.Since(began) != 0 {
			t.Errorf("%+v after %s", d, time.Since(began))
		}
		for range 2 {
			check(t, r.await(t), state.OK, "", "")
		}
		if n := e.Count(engine.ImagePull); n != 1 || time.Since(began) != time.Minute {
			t.Errorf("%d pulls in %s", n, time.Since(began))
		}
	})
}

// TestALimitIsPassedOn: with the time that the registry asked for.
func TestALimitIsPassedOn(t *testing.T) {
	onEngine(t, func(t *testing.T, e *engine.Engine) {
		e.Publish("app:1", engine.Image{})
		e.Inject(engine.ImagePull, 1, engine.Fault{Err: engine.RateLimited})
		r := run(t, e, project())
		defer r.end()
		d := r.done(t, state.Prepare{Op: 1, Child: "web"})
		check(t, d, state.Transient, "", "limits pulls")
		if d.Pause != 30*time.Second {
			t.Errorf("pause %s", d.Pause)
		}
		d = r.done(t, state.Prepare{Op: 1, Child: "web"})
		check(t, d, state.OK, "", "")
		if d.Pause != 0 {
			t.Errorf("pause %s of a success", d.Pause)
		}
		e.RemoveImage("app:1")
		e.Inject(engine.ImagePull, 1, engine.Fault{Err: engine.RegistryDown})
		d = r.done(t, state.Prepare{Op: 1, Child: "web"})
		check(t, d, state.Transient, "", "cannot reach the registry")
		if d.Pause != 0 {
			t.Errorf("pause %s of an unreachable registry", d.Pause)
		}
	})
}

// TestRefusedCredentialsAreNamedByTheirPlace, never by what they are.
func TestRefusedCredentialsAreNamedByTheirPlace(t *testing.T) {
	onEngine(t, func(t *testing.T, e *engine.Engine) {
		e.Publish("app:1", engine.Image{Auth: "right"})
		encoded, from := "wrong-hunter2", "LOGIN_USER"
		r := run(t, e, project(), func(c *Config) {
			c.Auth = func(context.Context, string) (string, string, error) { return encoded, from, nil }
		})
		defer r.end()
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.Permanent, "", "the credentials from LOGIN_USER; check user and password")
		encoded, from = "", ""
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.Permanent, "", "there are no credentials for this registry")
		encoded, from = "right", "LOGIN_USER"
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.OK, "", "")
		r.end()
		if log := r.log.String(); strings.Contains(log, "hunter2") || !strings.Contains(log, `"credentials":"LOGIN_USER"`) {
			t.Errorf("log: %s", log)
		}
	})
}

// TestPullIsTold: the first line at once, lines of progress at least five
// seconds apart, the last with time and size.
func TestPullIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := func(ctx context.Context, w io.Writer) {
			for range 220 {
				_, _ = io.WriteString(w, `{"status":"Downloading","id":"a","progressDetail":{"current":5000000,"total":10000000}}`)
				_ = wait(ctx, 100*time.Millisecond)
			}
		}
		looks := 0
		e := &stub{t: t, imgPull: pipe(stream), imgInspect: func(context.Context, string) (image.InspectResponse, error) {
			if looks++; looks == 1 {
				return image.InspectResponse{}, notFound("No such image: app:1")
			}
			return image.InspectResponse{ID: "1", Size: 12e6}, nil
		}}
		var at []time.Duration
		var last, before map[string]any
		began := time.Now()
		r := run(t, e, project(), func(c *Config) {
			c.Log = c.Log.Output(writer(func(line []byte) {
				at = append(at, time.Since(began))
				last, before = nil, last
				if err := json.Unmarshal(line, &last); err != nil || last["image"] != "app:1" || last["child"] != "web" {
					t.Errorf("%s: %v", line, err)
				}
			}))
		})
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.OK, "", "")
		r.end()
		want := []time.Duration{0, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 22 * time.Second}
		if len(at) != len(want) {
			t.Fatalf("lines at %s, want %s", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Errorf("lines at %s, want %s", at, want)
				break
			}
		}
		if last["message"] != "pulled" || last["took"] != 22000.0 || last["size"] != "12MB" {
			t.Errorf("the last line: %v", last)
		}
		if before["message"] != "pulling" || before["fetched"] != "5MB" || before["of"] != "10MB" || before["layers"] != 1.0 {
			t.Errorf("the line before: %v", before)
		}
	})
}

type writer func(line []byte)

func (w writer) Write(line []byte) (int, error) {
	w(line)
	return len(line), nil
}
