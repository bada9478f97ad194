package engine_test

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
	"time"

	"foster/test/engine"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// sharing makes a container that shares with others.
func (s script) sharing(name string, host container.HostConfig) (string, error) {
	return s.Make(engine.Container{Name: name, Config: &container.Config{Image: "lab/busybox:1"}, Host: &host})
}

// TestSharingWithAnother: the words and kinds are those of a 20.10.24.
func TestSharingWithAnother(t *testing.T) {
	for _, c := range []struct {
		name                    string
		host                    container.HostConfig
		missing, exited, gone   string
		isMissing, isExit, isGo func(error) bool
	}{
		{
			"network",
			container.HostConfig{NetworkMode: "container:vpn"},
			"", "cannot join network of a non running container: ", "No such container: ",
			nil, errdefs.IsConflict, errdefs.IsNotFound,
		},
		{
			"pid",
			container.HostConfig{PidMode: "container:vpn"},
			"No such container: vpn", " is not running", "cannot join PID of a non running container: ",
			errdefs.IsInvalidArgument, errdefs.IsInternal, errdefs.IsInternal,
		},
		{
			"ipc",
			container.HostConfig{IpcMode: "container:vpn"},
			"No such container: vpn", "can't join IPC of container ", "can't join IPC of container ",
			errdefs.IsInvalidArgument, errdefs.IsInternal, errdefs.IsInternal,
		},
	} {
		inBubble(t, engine.Options{}, func(t *testing.T, s script) {
			expect := func(err error, is func(error) bool, words string) {
				t.Helper()
				if err == nil || !is(err) || !strings.Contains(err.Error(), words) {
					t.Errorf("%s: %v, want %q", c.name, err, words)
				}
			}
			_, err := s.sharing("early", c.host)
			if c.missing == "" {
				s.must(err)
				expect(s.Start("early"), errdefs.IsNotFound, "No such container: vpn")
			} else {
				expect(err, c.isMissing, c.missing)
			}
			owner := func() {
				_, err := s.Run(engine.Container{Name: "vpn", Config: &container.Config{Image: "lab/busybox:1"}, Host: &container.HostConfig{IpcMode: "shareable"}})
				s.must(err)
			}
			owner()
			_, err = s.sharing("app", c.host)
			s.must(err)
			s.must(s.Start("app"))
			before, _ := s.Look("app")
			time.Sleep(time.Second)
			s.must(s.Kill("vpn"))
			if after, _ := s.Look("app"); !after.State.Running || after.State.StartedAt != before.State.StartedAt {
				t.Errorf("%s: the end of the owner reaches the other: %+v", c.name, after.State)
			}
			s.must(s.Kill("app"))
			expect(s.Start("app"), c.isExit, c.exited)
			s.must(s.Destroy("vpn"))
			owner() // another one of the same name is not that one
			expect(s.Start("app"), c.isGo, c.gone)
		})
	}
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.run("vpn")
		_, err := s.sharing("app", container.HostConfig{IpcMode: "container:vpn"})
		s.must(err)
		if err := s.Start("app"); err == nil || !strings.Contains(err.Error(), "non-shareable IPC") {
			t.Errorf("private IPC: %v", err)
		}
		_, err = s.sharing("data", container.HostConfig{VolumesFrom: []string{"nosuch:ro"}})
		if !errdefs.IsInvalidArgument(err) || !strings.Contains(err.Error(), "No such container: nosuch") {
			t.Errorf("volumes of a missing container: %v", err)
		}
	})
}

func TestCopiedFiles(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		archive := func() *bytes.Buffer {
			var out bytes.Buffer
			w := tar.NewWriter(&out)
			s.must(w.WriteHeader(&tar.Header{Name: "run/secrets/key", Size: 4, Mode: 0o400, Uid: 5, Gid: 6}))
			_, err := w.Write([]byte("open"))
			s.must(err)
			s.must(w.Close())
			return &out
		}
		s.make("app")
		s.must(s.CopyToContainer(t.Context(), "app", "/", archive(), container.CopyToContainerOptions{}))
		files, err := s.Files("app")
		s.must(err)
		if len(files) != 1 || files["/run/secrets/key"] != (engine.Copied{Content: "open", Mode: 0o400, UID: 5, GID: 6}) {
			t.Errorf("%+v", files)
		}
		if s.Count(engine.CopyToContainer) != 1 {
			t.Error("the call is not counted")
		}
		if err := s.CopyToContainer(t.Context(), "nosuch", "/", archive(), container.CopyToContainerOptions{}); !errdefs.IsNotFound(err) {
			t.Errorf("into a missing container: %v", err)
		}
		_, err = s.sharing("stiff", container.HostConfig{ReadonlyRootfs: true})
		s.must(err)
		s.refused(s.CopyToContainer(t.Context(), "stiff", "/", archive(), container.CopyToContainerOptions{}))
	})
}

func TestExposedPortsOfTheImage(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		s.AddImage("web:1", engine.Image{Config: dockerspec.DockerOCIImageConfig{
			ImageConfig: ocispec.ImageConfig{ExposedPorts: map[string]struct{}{"80/tcp": {}}},
		}})
		_, err := s.Make(engine.Container{Name: "web", Config: &container.Config{Image: "web:1"}})
		s.must(err)
		if got, _ := s.Look("web"); len(got.Config.ExposedPorts) != 1 {
			t.Errorf("exposed: %v", got.Config.ExposedPorts)
		}
	})
}
