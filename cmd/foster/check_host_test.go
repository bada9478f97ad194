package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

// outsideFiles is the host as it is mounted at a directory: /dev with a link
// and /srv, whose links are to be read as the host would.
func outsideFiles(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, d := range []string{"dev/bus", "srv/data"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "dev/plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"dev/by-name": "/dev/bus", "dev/dangling": "nothing", "srv/up": "../dev/bus", "srv/out": "/elsewhere/x", "srv/loop": "loop", "dev/null": os.DevNull} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestHostLook(t *testing.T) {
	dir := outsideFiles(t)
	h := mounted([]container.MountPoint{
		{Type: mount.TypeBind, Source: "/dev", Destination: dir + "/dev"},
		{Type: mount.TypeBind, Source: "/srv/", Destination: dir + "/srv"},
		{Type: mount.TypeVolume, Source: "/var/lib/docker/volumes/x/_data", Destination: dir},
	})
	for name, want := range map[string]struct{ there, seen bool }{
		"/dev":              {true, true},
		"/dev/bus":          {true, true},
		"/dev/by-name":      {true, true},
		"/dev/gone":         {false, true},
		"/dev/gone/deeper":  {false, true},
		"/dev/dangling":     {false, true},
		"/srv/data":         {true, true},
		"/srv/up":           {true, true},
		"/srv/../dev/bus":   {true, true},
		"/srv/out":          {false, false},
		"/srv/loop":         {false, false},
		"/devices":          {false, false},
		"/etc/passwd":       {false, false},
		"relative":          {false, false},
		"/var/lib/docker/x": {false, false},
	} {
		info, seen := h.look(name)
		if seen != want.seen || (info != nil) != want.there {
			t.Errorf("%s: there %v, seen %v; want %+v", name, info != nil, seen, want)
		}
	}
	if info, seen := (host{{"/", "/"}}).look(dir + "/dev/by-name"); info != nil || !seen {
		// /dev/bus may be there on this machine.
		if _, err := os.Stat("/dev/bus"); err != nil {
			t.Errorf("on the host: %v, %v", info, seen)
		}
	}
}

func TestCheckDevicesAndBinds(t *testing.T) {
	document := `
services:
  web:
    image: "app:1"
    devices: ["/dev/bus", "/dev/gone:/dev/x", "/dev/plain", "/dev/net/tun"]
    volumes:
      - "/srv/data:/1"
      - "/srv/gone:/2"
      - "/etc/secret:/3"
      - {type: bind, source: /srv/none, target: /4, bind: {create_host_path: false}}
`
	dir := outsideFiles(t)
	s := newSurveyed(t, "")
	info := s.inside(t, nil,
		container.MountPoint{Type: mount.TypeBind, Source: "/dev", Destination: dir + "/dev"},
		container.MountPoint{Type: mount.TypeBind, Source: "/srv", Destination: dir + "/srv"},
	)
	checked{s: s, document: document, mountinfo: info}.finds(t,
		"ok      child web 1 device is there: /dev/bus",
		"problem device /dev/gone of child web is not there; plug it in",
		"problem device /dev/plain of child web is no device",
		"problem device /dev/net/tun of child web is not there",
		"ok      child web 1 bind source is there: /srv/data",
		"note    bind source /srv/gone of child web is not there: the engine will make an empty directory",
		"note    child web 1 bind source is not visible from here: /etc/secret",
		"problem bind source /srv/none of child web is not there",
	)
	// Without the host's files, and on another machine than the engine's,
	// nobody can tell.
	s = newSurveyed(t, "")
	for _, info := range []string{s.inside(t, nil), ""} {
		checked{s: s, document: document, mountinfo: info}.finds(t,
			"note    child web 4 devices are not visible from here: /dev/bus, /dev/gone, /dev/plain, /dev/net/tun",
			"note    child web 4 bind sources are not visible from here: /etc/secret, /srv/data, /srv/gone, /srv/none",
		)
	}
}

// TestCheckOnTheHost: the engine's machine is this one.
func TestCheckOnTheHost(t *testing.T) {
	s := newSurveyed(t, "")
	var err error
	if s.info.Name, err = os.Hostname(); err != nil {
		t.Fatal(err)
	}
	document := "services: {web: {image: 'app:1', devices: [/dev/null, /dev/foster-has-no-such-device]}}\n"
	checked{s: s, document: document}.finds(t,
		"ok      child web 1 device is there: /dev/null",
		"problem device /dev/foster-has-no-such-device of child web is not there",
	)
	checked{s: s, document: document, settings: []string{"DOCKER_HOST=tcp://10.0.0.1:2375"}}.finds(t,
		"note    child web 2 devices are not visible from here")
}
