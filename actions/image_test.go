package actions

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"foster/spec"
	"foster/state"
)

func body(lines ...string) io.ReadCloser {
	return io.NopCloser(strings.NewReader(strings.Join(lines, "\n")))
}

func TestPrepareByPolicy(t *testing.T) {
	const pulledNew = `{"status":"Status: Downloaded newer image for app:1"}`
	refused := internal(`Get "http://r/v2/": dial tcp: connect: connection refused`)
	for _, tc := range []struct {
		name   string
		policy spec.PullPolicy
		fresh  bool
		ids    []string // of the image, look after look; "" is absent
		stream string
		pull   error
		class  state.Class
		words  string
		pulls  bool
	}{
		{"missing, here", spec.PullMissing, true, []string{"1"}, "", nil, state.OK, "", false},
		{"missing, absent", spec.PullMissing, true, []string{"", "1"}, pulledNew, nil, state.OK, "", true},
		{"missing, absent, again", spec.PullMissing, false, []string{"", "1"}, pulledNew, nil, state.OK, "", true},
		{"always, here", spec.PullAlways, true, []string{"1", "2"}, pulledNew, nil, state.OK, "", true},
		{"always, here, again", spec.PullAlways, false, []string{"1"}, "", nil, state.OK, "", false},
		{"always, absent, again", spec.PullAlways, false, []string{"", "1"}, pulledNew, nil, state.OK, "", true},
		{"never, here", spec.PullNever, true, []string{"1"}, "", nil, state.OK, "", false},
		{"never, absent", spec.PullNever, true, []string{""}, "", nil, state.Permanent, "pull policy is never", false},

		{"always, registry down, here", spec.PullAlways, true, []string{"1"}, "", refused, state.OK, "", true},
		{"always, denied, here", spec.PullAlways, true, []string{"1"}, "", internal("unauthorized: authentication required"), state.Permanent, "no credentials for this registry", true},
		{"always, limited, here", spec.PullAlways, true, []string{"1"}, "", internal("toomanyrequests: slow down"), state.OK, "", true},
		{"registry down", spec.PullMissing, true, []string{""}, "", refused, state.Transient, "connection refused", true},
		{"no such tag", spec.PullMissing, true, []string{""}, "", notFound("manifest for app:1 not found: manifest unknown: manifest unknown"), state.Permanent, "LAUNCH_IMAGE", true},
		{"error in the stream", spec.PullMissing, true, []string{""}, `{"status":"Pulling from app"}` + "\n" + `{"errorDetail":{"message":"unauthorized: authentication required"},"error":"unauthorized"}`, nil, state.Permanent, "LOGIN_USER", true},
		{"stream breaks", spec.PullMissing, true, []string{""}, `{"status":"Pull`, nil, state.Transient, "progress", true},
		{"not there afterwards", spec.PullMissing, true, []string{""}, pulledNew, nil, state.Transient, "afterwards", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &stub{t: t, imgInspect: images(tc.ids...)}
				if tc.pulls {
					e.imgPull = func(context.Context, string, image.PullOptions) (io.ReadCloser, error) {
						return body(tc.stream), tc.pull
					}
				}
				p := project()
				p.Children[0].Pull = tc.policy
				r := run(t, e, p)
				check(t, r.done(t, state.Prepare{Op: 1, Child: "web", Fresh: tc.fresh}), tc.class, "", tc.words)
				if got := strings.Contains(e.told(), "pull"); got != tc.pulls {
					t.Errorf("calls: %s", e.told())
				}
			})
		})
	}
}

func TestPullForAPlatformWithCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arch := "amd64"
		e := &stub{
			t: t,
			imgInspect: func(context.Context, string) (image.InspectResponse, error) {
				return image.InspectResponse{ID: arch, Os: "linux", Architecture: arch}, nil
			},
			imgPull: func(_ context.Context, ref string, o image.PullOptions) (io.ReadCloser, error) {
				if ref != "app:1" || o.Platform != "linux/arm64/v8" || o.RegistryAuth != "c2VjcmV0" {
					t.Errorf("%s %+v", ref, o)
				}
				arch = "arm64"
				return body(`{"status":"x"}`), nil
			},
		}
		p := project()
		p.Children[0].Platform = &ocispec.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
		auth := error(nil)
		r := run(t, e, p, func(c *Config) {
			c.Auth = func(context.Context, string) (string, string, error) { return "c2VjcmV0", "LOGIN_USER", auth }
		})
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.OK, "", "")
		arch = "amd64"
		e.imgPull = func(context.Context, string, image.PullOptions) (io.ReadCloser, error) { return body(), nil }
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.Permanent, "", "platform")
		auth = errors.New("helper failed")
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.Transient, "", "credentials")
		auth = invalid("bad")
		check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.Permanent, "", "credentials")
		r.end()
		if strings.Contains(r.log.String(), "c2VjcmV0") {
			t.Errorf("log: %s", r.log)
		}
	})
}

// pipe is a pull whose stream ends with its context.
func pipe(feed func(ctx context.Context, w io.Writer)) func(context.Context, string, image.PullOptions) (io.ReadCloser, error) {
	return func(ctx context.Context, _ string, _ image.PullOptions) (io.ReadCloser, error) {
		rd, w := io.Pipe()
		go func() {
			feed(ctx, w)
			w.CloseWithError(ctx.Err())
		}()
		return rd, nil
	}
}

func TestPullCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &stub{t: t, imgInspect: images(""), imgPull: pipe(func(ctx context.Context, _ io.Writer) { <-ctx.Done() })}
		r := run(t, e, project())
		r.in <- state.Prepare{Op: 1, Child: "web"}
		time.Sleep(time.Minute)
		began := time.Now()
		r.in <- state.Cancel{Op: 1}
		check(t, r.await(t), state.Canceled, "", "")
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}

func TestPullStalls(t *testing.T) {
	for name, pull := range map[string]func(context.Context, string, image.PullOptions) (io.ReadCloser, error){
		"in the stream": pipe(func(ctx context.Context, w io.Writer) {
			for range 4 { // far beyond the stall, while it goes on
				_, _ = io.WriteString(w, `{"status":"Extracting","id":"a"}`)
				_ = wait(ctx, pullStall-time.Second)
			}
			<-ctx.Done()
		}),
		"before it": func(ctx context.Context, _ string, _ image.PullOptions) (io.ReadCloser, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				e := &stub{t: t, imgInspect: images(""), imgPull: pull}
				check(t, run(t, e, project()).done(t, state.Prepare{Op: 1, Child: "web"}), state.Transient, "", "no progress")
				if took := time.Since(began); name == "before it" && took != pullStall || name != "before it" && took < 3*pullStall {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestVolumes(t *testing.T) {
	absent := notFound("get v: no such volume")
	for _, tc := range []struct {
		name     string
		external bool
		look     error
		create   error
		class    state.Class
		words    string
		calls    string
	}{
		{"there", false, nil, nil, state.OK, "", "volinspect v1, volinspect v2"},
		{"made", false, absent, nil, state.OK, "", "volinspect v1, volcreate v1, volinspect v2, volcreate v2"},
		{"external, not there", true, absent, nil, state.Permanent, "docker volume create v1", "volinspect v1"},
		{"bad driver", false, absent, notFound(`plugin "x" not found`), state.Permanent, "plugin", "volinspect v1, volcreate v1"},
		{"look fails", false, internal("boom"), nil, state.Transient, "inspect volume", "volinspect v1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &stub{
					t: t, imgInspect: images("1"),
					volInspect: func(context.Context, string) error { return tc.look },
					volCreate: func(_ context.Context, o volume.CreateOptions) error {
						if o.Labels["l"] != "1" || o.Driver != "local" {
							t.Errorf("%+v", o)
						}
						return tc.create
					},
				}
				p := project()
				p.Children[0].Host = &container.HostConfig{
					Binds:  []string{"v2:/a:ro", "/v3:/b", "/srv/v4:/c"},
					Mounts: []mount.Mount{{Type: mount.TypeVolume, Source: "v1"}, {Type: mount.TypeBind, Source: "v4"}},
				}
				for _, name := range []string{"v1", "v2", "v3", "v4"} {
					p.Volumes = append(p.Volumes, spec.Volume{Name: name, External: tc.external, Options: volume.CreateOptions{Name: name, Driver: "local", Labels: map[string]string{"l": "1"}}})
				}
				check(t, run(t, e, p).done(t, state.Prepare{Op: 1, Child: "web"}), tc.class, "", tc.words)
				if got := strings.TrimPrefix(e.told(), "imginspect app:1, "); got != tc.calls {
					t.Errorf("calls: %s", got)
				}
			})
		})
	}
}
