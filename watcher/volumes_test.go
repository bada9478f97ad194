package watcher

import (
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

// TestAnonymousVolumes: what foster may remove after somebody's rm -f, and what
// only looks like it.
func TestAnonymousVolumes(t *testing.T) {
	hex := func(s string) string { return strings.Repeat(s, 32) }
	volume := func(name, driver string) container.MountPoint {
		return container.MountPoint{Type: mount.TypeVolume, Name: name, Driver: driver, Destination: "/data"}
	}
	for _, c := range []struct {
		name   string
		mounts []container.MountPoint
		host   container.HostConfig
		want   []string
	}{
		{"the image's, sorted", []container.MountPoint{volume(hex("bb"), "local"), volume(hex("aa"), "local")}, container.HostConfig{}, []string{hex("aa"), hex("bb")}},
		{"asked for without a name", []container.MountPoint{volume(hex("aa"), "local")}, container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeVolume, Target: "/data"}}}, []string{hex("aa")}},
		{"named", []container.MountPoint{volume("data", "local")}, container.HostConfig{}, nil},
		{"named like an anonymous one", []container.MountPoint{volume(hex("aa"), "local")}, container.HostConfig{Binds: []string{hex("aa") + ":/data:rw"}}, nil},
		{"the same as a mount", []container.MountPoint{volume(hex("aa"), "local")}, container.HostConfig{Mounts: []mount.Mount{{Type: mount.TypeVolume, Source: hex("aa"), Target: "/data"}}}, nil},
		{"of a driver's own", []container.MountPoint{volume(hex("aa"), "nfs")}, container.HostConfig{}, nil},
		{"shared with others", []container.MountPoint{volume(hex("aa"), "local")}, container.HostConfig{VolumesFrom: []string{"other"}}, nil},
		{"a bind", []container.MountPoint{{Type: mount.TypeBind, Source: "/x", Name: hex("aa"), Driver: "local"}}, container.HostConfig{}, nil},
	} {
		got := anonymousVolumes(container.InspectResponse{
			ContainerJSONBase: &container.ContainerJSONBase{HostConfig: &c.host}, Mounts: c.mounts,
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
