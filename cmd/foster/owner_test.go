package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/engine"
)

const sharingFile = `
services:
  app: {image: "app:1", network_mode: "container:vpn", secrets: [key]}
  heir: {image: "app:1", volumes_from: ["container:vpn"]}
secrets:
  key: {environment: E_KEY}
`

// TestSharesWithAnOutsider: who shares with a container of somebody else's waits
// for it, and has its files each time before its start.
func TestSharesWithAnOutsider(t *testing.T) {
	file := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(file, []byte(sharingFile), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"20.10", "28.0"} {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, version, "FOSTER_FILE="+file, "LAUNCH_PROJECT_NAME=p", "E_KEY=hunter2")
			e := p.engine
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatalf("%v\n%s", err, p.out.String())
				}
			}
			vpn := func() string {
				id, err := e.Run(engine.Container{Name: "vpn", Config: &container.Config{Image: "app:1"}})
				must(err)
				return id
			}
			whole := func(owner string) (app, heir container.InspectResponse) {
				t.Helper()
				time.Sleep(5 * time.Second)
				app, err := e.Look("p-app-1")
				must(err)
				heir, err = e.Look("p-heir-1")
				must(err)
				if !app.State.Running || !heir.State.Running || string(app.HostConfig.NetworkMode) != "container:"+owner {
					t.Errorf("the app %s on %s, the heir %s", app.State.Status, app.HostConfig.NetworkMode, heir.State.Status)
				}
				files, err := e.Files("p-app-1")
				must(err)
				if got := files["/run/secrets/key"]; got.Content != "hunter2" || got.Mode != 0o444 || got.Started {
					t.Errorf("the secret: %+v", got)
				}
				return app, heir
			}
			time.Sleep(time.Hour)
			if n := e.Count(engine.ContainerCreate); n != 0 {
				t.Errorf("%d creates before there was anything to share with", n)
			}
			owner := vpn()
			app, heir := whole(owner)

			must(e.Kill("vpn"))
			time.Sleep(time.Hour)
			if got := strings.Join(e.Containers(), " "); got != "p-heir-1 vpn" {
				t.Errorf("while the owner is dead there are %s", got)
			}
			must(e.Start("vpn"))
			second, sameHeir := whole(owner)
			if second.ID == app.ID || sameHeir.ID != heir.ID {
				t.Error("after another run of the owner")
			}

			must(e.Destroy("vpn"))
			owner = vpn()
			third, newHeir := whole(owner)
			if third.ID == second.ID || newHeir.ID == heir.ID {
				t.Error("after another owner")
			}
			if n := e.Count(engine.ContainerCreate); n != 5 {
				t.Errorf("%d creates, want 5", n)
			}

			p.signals <- syscall.SIGTERM
			if code := p.exit(time.Minute); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if got := strings.Join(e.Containers(), " "); got != "vpn" {
				t.Errorf("left: %s", got)
			}
			if log := p.out.String(); strings.Contains(log, "hunter2") || strings.Count(log, "waiting for container vpn, which is not there") < 2 {
				t.Errorf("the log:\n%s", log)
			}
		})
	}
}
