package actions

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"foster/spec"
	"foster/state"
)

// made is what an engine got.
type made struct {
	config *container.Config
	host   *container.HostConfig
	nets   map[string]*network.EndpointSettings
	name   string
}

// answering answers creates one after the other and keeps what it got.
func answering(got *made, errs ...error) func(context.Context, *container.Config, *container.HostConfig, *network.NetworkingConfig, *ocispec.Platform, string) (string, error) {
	next := script(errs...)
	return func(_ context.Context, c *container.Config, h *container.HostConfig, n *network.NetworkingConfig, _ *ocispec.Platform, name string) (string, error) {
		*got = made{config: c, host: h, name: name}
		if n != nil {
			got.nets = n.EndpointsConfig
		}
		if err := next(); err != nil {
			return "", err
		}
		return "c1", nil
	}
}

func images(ids ...string) func(context.Context, string) (image.InspectResponse, error) {
	n := 0
	return func(context.Context, string) (image.InspectResponse, error) {
		id := ids[min(n, len(ids)-1)]
		n++
		if id == "" {
			return image.InspectResponse{}, notFound("no such image: app:1: No such image: app:1")
		}
		return image.InspectResponse{ID: id}, nil
	}
}

func asText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCreateWithAllEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got made
		e := &stub{t: t, version: "1.44", create: answering(&got, nil), imgInspect: images("sha256:1")}
		p := project()
		before := asText(t, p)
		r := run(t, e, p, func(c *Config) {
			c.Labels = func() map[string]string { return map[string]string{spec.LabelParent: "me"} }
		})
		check(t, r.done(t, state.Create{Op: 1, Child: "web"}), state.OK, "c1", "")

		if len(got.nets) != 2 || got.name != "p-web-1" {
			t.Fatalf("%+v", got)
		}
		front, back := got.nets["front"], got.nets["back"]
		if front.MacAddress == "" || front.NetworkID != "" || front.EndpointID != "" || front.Aliases[0] != "web" {
			t.Errorf("front %+v", front)
		}
		if back.NetworkID != "" || back.IPAMConfig.IPv4Address != "10.0.0.9" {
			t.Errorf("back %+v", back)
		}
		for key, want := range map[string]string{labelImage: "sha256:1", "a": "b", spec.LabelParent: "me"} {
			if got.config.Labels[key] != want {
				t.Errorf("label %s=%s", key, got.config.Labels[key])
			}
		}
		got.config.Env[0], got.host.NetworkMode, front.Aliases[0], back.IPAMConfig.IPv4Address = "x", "x", "x", "x"
		if asText(t, p) != before {
			t.Error("the project was changed")
		}
		if e.told() != "imginspect app:1, create p-web-1" {
			t.Errorf("calls: %s", e.told())
		}
	})
}

func TestCreateThenConnect(t *testing.T) {
	exists := internal("p-web-1 is already attached to network back")
	for _, tc := range []struct {
		name    string
		connect error
		remove  error
		class   state.Class
		id      string
		calls   string
	}{
		{"connected", nil, nil, state.OK, "c1", "connect back c1"},
		{"connected before", exists, nil, state.OK, "c1", "connect back c1"},
		{"network gone", notFound("network back not found"), nil, state.NoNetwork, "", "connect back c1, remove c1"},
		{"not attachable", forbidden("network back not manually attachable"), nil, state.Permanent, "", "connect back c1, remove c1"},
		{"left behind", notFound("network back not found"), internal("busy"), state.NoNetwork, "c1", "connect back c1, remove c1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got made
				var joined *network.EndpointSettings
				e := &stub{
					t: t, version: "1.43", create: answering(&got, nil), imgInspect: images("sha256:1"),
					connect: func(_ context.Context, _, _ string, s *network.EndpointSettings) error { joined = s; return tc.connect },
					remove:  func(context.Context, string, container.RemoveOptions) error { return tc.remove },
				}
				check(t, run(t, e, project()).done(t, state.Create{Op: 1, Child: "web"}), tc.class, tc.id, "")
				if e.told() != "imginspect app:1, create p-web-1, "+tc.calls {
					t.Errorf("calls: %s", e.told())
				}
				//lint:ignore SA1019 below API 1.44 this field counts
				if len(got.nets) != 1 || got.nets["front"].MacAddress != "" || got.config.MacAddress != "02:42:ac:11:00:01" {
					t.Errorf("%s", asText(t, got.nets))
				}
				if joined.NetworkID != "" || joined.IPAMConfig.IPv4Address != "10.0.0.9" {
					t.Errorf("%+v", joined)
				}
			})
		})
	}
}

func TestCreateCanceledWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got made
		e := &stub{
			t: t, version: "1.41", create: answering(&got, nil), imgInspect: images("sha256:1"),
			connect: func(ctx context.Context, _, _ string, _ *network.EndpointSettings) error {
				<-ctx.Done()
				return ctx.Err()
			},
			remove: func(ctx context.Context, _ string, _ container.RemoveOptions) error { return ctx.Err() },
		}
		r := run(t, e, project())
		r.in <- state.Create{Op: 1, Child: "web"}
		synctest.Wait()
		r.in <- state.Cancel{Op: 1}
		check(t, r.await(t), state.Canceled, "", "")
		if !strings.HasSuffix(e.told(), "remove c1") {
			t.Errorf("calls: %s", e.told())
		}
	})
}

func TestCreateInTheParentsNamespace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got made
		parents := []string{"parent1", "parent2"}
		e := &stub{t: t, create: answering(&got, nil), imgInspect: images("sha256:1")}
		p := project()
		p.Children[0].SharesParent, p.Children[0].Endpoints = true, nil
		r := run(t, e, p, func(c *Config) {
			c.Parent = func(context.Context) (string, error) {
				if len(parents) == 0 {
					return "", notFound("No such container: x")
				}
				id := parents[0]
				parents = parents[1:]
				return id, nil
			}
		})
		for _, want := range []string{"container:parent1", "container:parent2"} {
			check(t, r.done(t, state.Create{Op: 1, Child: "web"}), state.OK, "c1", "")
			if string(got.host.NetworkMode) != want || got.nets != nil {
				t.Errorf("%s, want %s", got.host.NetworkMode, want)
			}
		}
		check(t, r.done(t, state.Create{Op: 1, Child: "web"}), state.Transient, "", "parent")
	})
}

func TestCreateImageLabelIsRefreshed(t *testing.T) {
	noImage := notFound("No such image: app:1")
	for _, tc := range []struct {
		name    string
		ids     []string // what inspect says, one after the other
		creates []error
		class   state.Class
		label   string
	}{
		{"as prepared", []string{"1"}, []error{nil}, state.OK, "1"},
		{"another one since", []string{"1", "2"}, []error{noImage, nil}, state.OK, "2"},
		{"removed since", []string{"1", ""}, []error{noImage}, state.NoImage, "1"},
		{"no end", []string{"1", "2"}, []error{noImage}, state.NoImage, "2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got made
				e := &stub{t: t, create: answering(&got, tc.creates...), imgInspect: images(tc.ids...)}
				r := run(t, e, project())
				check(t, r.done(t, state.Prepare{Op: 1, Child: "web"}), state.OK, "", "")
				check(t, r.done(t, state.Create{Op: 2, Child: "web"}), tc.class, map[bool]string{true: "c1"}[tc.class == state.OK], "")
				if got.config.Labels[labelImage] != tc.label {
					t.Errorf("label %s", got.config.Labels[labelImage])
				}
			})
		})
	}
}

func TestCreateNameTaken(t *testing.T) {
	taken := conflict(`Conflict. The container name "/p-web-1" is already in use by container "4b0e7e4c1d1c5f6a". You have to remove (or rename) that container to be able to reuse that name.`)
	labelled := func(over ...string) map[string]string {
		labels := madeLabels()
		for i := 0; i < len(over); i += 2 {
			labels[over[i]] = over[i+1]
		}
		return labels
	}
	holder := func(name string, labels map[string]string) func(context.Context, string) (container.InspectResponse, error) {
		return func(context.Context, string) (container.InspectResponse, error) {
			return container.InspectResponse{
				ContainerJSONBase: &container.ContainerJSONBase{ID: "4b0e7e4c1d1c5f6a", Name: name},
				Config:            &container.Config{Image: "app:1", Labels: labels},
			}, nil
		}
	}
	for _, tc := range []struct {
		name    string
		creates []error
		inspect func(context.Context, string) (container.InspectResponse, error)
		class   state.Class
		id      string
		words   string
	}{
		{"ours", []error{taken}, holder("/p-web-1", madeLabels()), state.Exists, "4b0e7e4c1d1c5f6a", "of this child"},
		{"labelled by hand", []error{taken}, holder("/p-web-1", map[string]string{spec.LabelProject: "p", spec.LabelChild: "web"}), state.Foreign, "", "no foster has made it (it lacks the label foster.spec-hash)"},
		{"a commit of it", []error{taken}, holder("/p-web-1", labelled(spec.LabelImage, "app:2")), state.Foreign, "", "it was made from image app:1"},
		{"a renamed one", []error{taken}, holder("/p-web-1", labelled(spec.LabelContainer, "p-web-old")), state.Foreign, "", "its name is p-web-1"},
		{"a task's", []error{taken}, holder("/p-web-1", map[string]string{labelSwarmService: "shop_web"}), state.Foreign, "", "of service shop_web"},
		{"of a Compose project of our name", []error{taken}, holder("/p-web-1", map[string]string{labelCompose: "p"}), state.Foreign, "", "of Compose project p, which is not foster's"},
		{"another child's", []error{taken}, holder("/p-web-1", map[string]string{spec.LabelProject: "p", spec.LabelChild: "db"}), state.Foreign, "", "not this child's"},
		{"a neighbour's", []error{taken}, holder("/p-web-1", map[string]string{labelCompose: "y"}), state.Foreign, "", `container name "p-web-1" is held by container 4b0e7e4c1d1c of project y, which is not this project's: remove it or set LAUNCH_CONTAINER_NAME`},
		{"nobody's", []error{taken}, holder("/p-web-1", nil), state.Foreign, "", "of no project"},
		{"free again", []error{taken, taken, nil}, missing, state.OK, "c1", ""},
		{"an ID begins so", []error{taken, nil}, holder("/other", nil), state.OK, "c1", ""},
		{"never free", []error{taken}, missing, state.Transient, "", "already in use"},
		{"our own, whose answer was lost", []error{io.ErrUnexpectedEOF, taken}, holder("/p-web-1", madeLabels()), state.Exists, "4b0e7e4c1d1c5f6a", ""},
		{"answer lost, then nothing", []error{io.ErrUnexpectedEOF, errRefused}, nil, state.Unsure, "", "broke"},
		{"engine away", []error{errRefused}, nil, state.Transient, "", "Docker daemon"},
		{"bad option", []error{invalid("invalid mount config")}, nil, state.Permanent, "", "invalid mount"},
		{"network gone", []error{notFound("network front not found")}, nil, state.NoNetwork, "", "front"},
		{"odd", []error{errors.New("odd")}, nil, state.Transient, "", "odd"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got made
				e := &stub{t: t, create: answering(&got, tc.creates...), imgInspect: images("1"), inspect: tc.inspect}
				r := run(t, e, project())
				d := r.done(t, state.Create{Op: 1, Child: "web"})
				check(t, d, tc.class, tc.id, tc.words)
				if strings.Contains(d.Detail, "hunter2") {
					t.Errorf("detail shows the environment: %s", d.Detail)
				}
			})
		})
	}
}

// TestCreateAsksTheVersionAfterACall: a client says the newest version that it
// knows until its first call has told it the engine's.
func TestCreateAsksTheVersionAfterACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got made
		e := &stub{
			t: t, version: "1.51", create: answering(&got, nil),
			connect: func(context.Context, string, string, *network.EndpointSettings) error { return nil },
		}
		e.imgInspect = func(context.Context, string) (image.InspectResponse, error) {
			e.version = "1.41"
			return image.InspectResponse{ID: "1"}, nil
		}
		check(t, run(t, e, project()).done(t, state.Create{Op: 1, Child: "web"}), state.OK, "c1", "")
		if len(got.nets) != 1 {
			t.Errorf("%d endpoints at create", len(got.nets))
		}
	})
}
