package engine_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"foster/test/engine"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An Engine is what the watcher and the runner ask for (their interfaces are
// written out, since neither package is imported here).
var _ interface {
	Events(context.Context, events.ListOptions) (<-chan events.Message, <-chan error)
	ContainerList(context.Context, container.ListOptions) ([]container.Summary, error)
	ClientVersion() string
	ContainerCreate(context.Context, *container.Config, *container.HostConfig, *network.NetworkingConfig, *ocispec.Platform, string) (container.CreateResponse, error)
	ContainerStart(context.Context, string, container.StartOptions) error
	ContainerStop(context.Context, string, container.StopOptions) error
	ContainerRemove(context.Context, string, container.RemoveOptions) error
	ContainerInspect(context.Context, string) (container.InspectResponse, error)
	ContainerExecCreate(context.Context, string, container.ExecOptions) (container.ExecCreateResponse, error)
	ContainerExecAttach(context.Context, string, container.ExecAttachOptions) (types.HijackedResponse, error)
	ContainerExecInspect(context.Context, string) (container.ExecInspect, error)
	CopyToContainer(context.Context, string, string, io.Reader, container.CopyToContainerOptions) error
	NetworkConnect(context.Context, string, string, *network.EndpointSettings) error
	NetworkDisconnect(context.Context, string, string, bool) error
	NetworkCreate(context.Context, string, network.CreateOptions) (network.CreateResponse, error)
	NetworkRemove(context.Context, string) error
	NetworkInspect(context.Context, string, network.InspectOptions) (network.Inspect, error)
	VolumeCreate(context.Context, volume.CreateOptions) (volume.Volume, error)
	VolumeInspect(context.Context, string) (volume.Volume, error)
	VolumeRemove(context.Context, string, bool) error
	ImageInspect(context.Context, string, ...client.ImageInspectOption) (image.InspectResponse, error)
	ImagePull(context.Context, string, image.PullOptions) (io.ReadCloser, error)
} = (*engine.Engine)(nil)

// inBubble runs a test on a fresh engine with one image.
func inBubble(t *testing.T, opts engine.Options, test func(t *testing.T, s script)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := engine.New(opts)
		defer e.Close()
		e.AddImage("lab/busybox:1", engine.Image{})
		test(t, script{t, e})
	})
}

func TestNewerEnginesDisconnectBeforeTheDeathAndOnce(t *testing.T) {
	inBubble(t, engine.Options{Version: "28.0"}, func(t *testing.T, s script) {
		s.network("br1", "bridge")
		s.network("br2", "bridge")
		s.run("c1", "br1", "br2")
		s.ForgetEvents()
		s.must(s.Cut("br1", "c1"))
		s.must(s.Exit("c1", 3))
		s.must(s.Cut("br2", "c1"))
		compare(t, short(s.Recorded()), []string{
			"network disconnect br1 type=bridge of ",
			"network disconnect br2 type=bridge of ",
			"container die c1 exitCode=3",
		})
	})
}

func TestEnginesFrom24To27DisconnectBeforeTheDeathAndTwice(t *testing.T) {
	inBubble(t, engine.Options{Version: "25.0"}, func(t *testing.T, s script) {
		s.network("br1", "bridge")
		s.run("c1", "br1")
		s.ForgetEvents()
		s.must(s.Cut("br1", "c1"))
		s.must(s.Join("br1", "c1", nil))
		s.must(s.Exit("c1", 0))
		compare(t, short(s.Recorded()), []string{
			"network disconnect br1 type=bridge of ",
			"network disconnect br1 type=bridge of ",
			"network connect br1 type=bridge of ",
			"network disconnect br1 type=bridge of ",
			"container die c1 exitCode=0",
		})
	})
}

func TestErrorsHaveTheEnginesKindsAndTexts(t *testing.T) {
	inBubble(t, engine.Options{Node: engine.Alone}, func(t *testing.T, s script) {
		ctx := t.Context()
		config := &container.Config{Image: "lab/busybox:1"}
		subnets := &network.IPAM{Config: []network.IPAMConfig{{Subnet: "10.9.0.0/24"}}}
		_, err := s.AddNetwork("br1", network.CreateOptions{IPAM: subnets})
		s.must(err)
		s.network("br2", "bridge")
		static := func(ip string) *network.EndpointSettings {
			return &network.EndpointSettings{IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: ip}}
		}
		s.run("c1")
		s.must(s.Join("br1", "c1", static("10.9.0.7")))
		s.run("c2")
		create := func(name, image string, nets ...string) error {
			endpoints := map[string]*network.EndpointSettings{}
			for _, n := range nets {
				endpoints[n] = nil
			}
			_, err := s.ContainerCreate(ctx, &container.Config{Image: image}, nil, &network.NetworkingConfig{EndpointsConfig: endpoints}, nil, name)
			return err
		}
		_, inspect := s.ContainerInspect(ctx, "nosuch")
		_, netInspect := s.NetworkInspect(ctx, "nosuch", network.InspectOptions{})
		_, volInspect := s.VolumeInspect(ctx, "nosuch")
		_, imgInspect := s.ImageInspect(ctx, "nosuch")
		_, pull := s.ImagePull(ctx, "nosuch", image.PullOptions{})
		_, dup := s.NetworkCreate(ctx, "br1", network.CreateOptions{})
		for _, c := range []struct {
			name string
			err  error
			is   func(error) bool
			text string
		}{
			{"inspect", inspect, errdefs.IsNotFound, "No such container: nosuch"},
			{"network inspect", netInspect, errdefs.IsNotFound, "network nosuch not found"},
			{"volume inspect", volInspect, errdefs.IsNotFound, "get nosuch: no such volume"},
			{"image inspect", imgInspect, errdefs.IsNotFound, "No such image: nosuch:latest"},
			{"pull", pull, errdefs.IsNotFound, "manifest unknown"},
			{"network name", dup, errdefs.IsConflict, "network with name br1 already exists"},
			{"name", create("c1", config.Image), errdefs.IsConflict, `Conflict. The container name "/c1" is already in use by container "`},
			{"bad name", create("w", config.Image), errdefs.IsInvalidArgument, "Invalid container name (w)"},
			{"no image", create("c3", "nosuch"), errdefs.IsNotFound, "No such image: nosuch:latest"},
			{"two endpoints", create("c3", config.Image, "br1", "br2"), errdefs.IsInvalidArgument, "Container cannot be connected to network endpoints: br1, br2"},
			{"remove running", s.ContainerRemove(ctx, "c1", container.RemoveOptions{}), errdefs.IsConflict, "You cannot remove a running container"},
			{"network in use", s.NetworkRemove(ctx, "br1"), errdefs.IsPermissionDenied, "has active endpoints"},
			{"predefined", s.NetworkRemove(ctx, "bridge"), errdefs.IsPermissionDenied, "pre-defined"},
			{"connect twice", s.NetworkConnect(ctx, "br1", "c1", nil), errdefs.IsPermissionDenied, "endpoint with name c1 already exists in network br1"},
			{"address taken", s.NetworkConnect(ctx, "br1", "c2", static("10.9.0.7")), errdefs.IsPermissionDenied, "Address already in use"},
			{"address outside", s.NetworkConnect(ctx, "br1", "c2", static("10.8.0.7")), errdefs.IsInvalidArgument, "does not belong"},
			{"no subnet of ours", s.NetworkConnect(ctx, "br2", "c2", static("172.18.0.7")), errdefs.IsInvalidArgument, "user configured subnets"},
			{"connect host", s.NetworkConnect(ctx, "host", "c2", nil), errdefs.IsInvalidArgument, "host network"},
			{"connect to nothing", s.NetworkConnect(ctx, "nosuch", "c2", nil), errdefs.IsNotFound, "network nosuch not found"},
			{"disconnect", s.NetworkDisconnect(ctx, "br1", "c2", false), errdefs.IsInternal, "is not connected to network br1"},
			{"disconnect nobody", s.NetworkDisconnect(ctx, "br1", "nosuch", true), errdefs.IsNotFound, "endpoint nosuch not found"},
		} {
			if c.err == nil || !c.is(c.err) || !strings.Contains(c.err.Error(), c.text) {
				t.Errorf("%s: %v, want %q and its kind", c.name, c.err, c.text)
			}
		}
		s.must(s.ContainerStart(ctx, "c1", container.StartOptions{}))
		s.must(s.ContainerStop(ctx, "c1", container.StopOptions{}))
		s.must(s.ContainerStop(ctx, "c1", container.StopOptions{}))
	})
}

func TestSeveralEndpointsFromAPI144(t *testing.T) {
	inBubble(t, engine.Options{Version: "28.0"}, func(t *testing.T, s script) {
		if v := s.ClientVersion(); v != "1.48" {
			t.Errorf("API version %s", v)
		}
		s.network("br1", "bridge")
		s.network("br2", "bridge")
		made, err := s.ContainerCreate(t.Context(), &container.Config{Image: "lab/busybox:1"}, nil, &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			"br1": {Aliases: []string{"app"}}, "br2": nil,
		}}, nil, "c1")
		s.must(err)
		s.must(s.Start(made.ID))
		got, err := s.Look("c1")
		s.must(err)
		br1, br2 := got.NetworkSettings.Networks["br1"], got.NetworkSettings.Networks["br2"]
		if br1.EndpointID == "" || br2.EndpointID == "" || br1.IPAddress == "" || !slices.Contains(br1.DNSNames, "app") {
			t.Errorf("endpoints %+v %+v", br1, br2)
		}
		s.must(s.Exit("c1", 0))
		got, err = s.Look("c1")
		s.must(err)
		if br1 := got.NetworkSettings.Networks["br1"]; br1 == nil || br1.EndpointID != "" || br1.NetworkID == "" {
			t.Errorf("after its end: %+v", br1)
		}
	})
}

func TestNetworkMadeAgainUnderItsNameIsNotFoundByAnOldContainer(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.network("br1", "bridge")
		s.run("c1", "br1")
		s.must(s.Stop("c1"))
		s.rmNetworks("br1")
		s.network("br1", "bridge")
		if err := s.Start("c1"); err == nil || !strings.Contains(err.Error(), "Could not attach to network") {
			t.Fatalf("start: %v", err)
		}
		s.must(s.NetworkDisconnect(t.Context(), "br1", "c1", true))
		s.must(s.NetworkConnect(t.Context(), "br1", "c1", nil))
		s.must(s.Start("c1"))
	})
}

func TestWorkerSeesAnOverlayOnlyWhileItIsUsed(t *testing.T) {
	inBubble(t, engine.Options{Node: engine.Worker}, func(t *testing.T, s script) {
		s.network("ov1", "overlay")
		seen := func() bool {
			_, err := s.NetworkInspect(t.Context(), "ov1", network.InspectOptions{})
			return err == nil
		}
		before := seen()
		s.run("c1", "ov1")
		during := seen()
		s.must(s.Destroy("c1"))
		if before || !during || seen() {
			t.Errorf("seen before %v, during %v, after %v", before, during, seen())
		}
		if _, err := s.NetworkCreate(t.Context(), "ov2", network.CreateOptions{Driver: "overlay"}); !errdefs.IsUnavailable(err) {
			t.Errorf("create on a worker: %v", err)
		}
		_, err := s.AddNetwork("closed", network.CreateOptions{Driver: "overlay"})
		s.must(err)
		s.make("c2", "closed")
		if err := s.Start("c2"); err == nil || !strings.Contains(err.Error(), "not manually attachable") {
			t.Errorf("start: %v", err)
		}
	})
}

func TestAnonymousVolumesGoWithTheirContainer(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		img := engine.Image{}
		img.Config.Volumes = map[string]struct{}{"/data": {}, "/named": {}}
		s.AddImage("db:1", img)
		host := &container.HostConfig{Binds: []string{"keep:/named"}}
		id, err := s.Run(engine.Container{Name: "c1", Config: &container.Config{Image: "db:1"}, Host: host})
		s.must(err)
		if got := s.Volumes(); len(got) != 2 {
			t.Fatalf("volumes %v", got)
		}
		s.must(s.ContainerRemove(t.Context(), id, container.RemoveOptions{Force: true, RemoveVolumes: true}))
		if got := s.Volumes(); !slices.Equal(got, []string{"keep"}) {
			t.Errorf("left: %v", got)
		}
	})
}

func TestPull(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.Publish("app:2", engine.Image{PullTime: time.Minute, Auth: "secret"})
		pull := func(ctx context.Context, auth string) error {
			r, err := s.ImagePull(ctx, "app:2", image.PullOptions{RegistryAuth: auth})
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = io.Copy(io.Discard, r)
			return err
		}
		if err := pull(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "no basic auth credentials") {
			t.Errorf("without credentials: %v", err)
		}
		if err := pull(t.Context(), "wrong"); err == nil || !strings.Contains(err.Error(), "unauthorized: authentication required") {
			t.Errorf("wrong credentials: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := pull(ctx, "secret"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("given up: %v", err)
		}
		begin := time.Now()
		s.must(pull(t.Context(), "secret"))
		if _, err := s.ImageInspect(t.Context(), "app:2"); err != nil || time.Since(begin) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

func TestAProcessThatEndsByItself(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.Behave("c1", engine.Process{Exits: true, ExitAfter: time.Minute, Code: 7})
		s.run("c1")
		time.Sleep(time.Minute + time.Second)
		got, err := s.Look("c1")
		s.must(err)
		if got.State.Running || got.State.ExitCode != 7 {
			t.Errorf("state %+v", got.State)
		}
	})
}

func TestListFilters(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		for _, name := range []string{"c1", "c2"} {
			_, err := s.Make(engine.Container{Name: name, Config: &container.Config{Image: "lab/busybox:1", Labels: map[string]string{"k": name}}})
			s.must(err)
		}
		s.must(s.Start("c2"))
		for _, c := range []struct {
			options container.ListOptions
			want    string
		}{
			{container.ListOptions{}, "/c2"},
			{container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "k"))}, "/c2 /c1"},
			{container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "k=c1"))}, "/c1"},
			{container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "k=c1"))}, ""},
		} {
			var names []string
			all, err := s.ContainerList(t.Context(), c.options)
			s.must(err)
			for _, found := range all {
				names = append(names, found.Names...)
			}
			slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) })
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%v: %q, want %q", c.options.Filters, got, c.want)
			}
		}
	})
}
