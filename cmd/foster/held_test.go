package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"foster/test/engine"
)

// atHost is an engine at a host.
type atHost struct{ memory }

func (atHost) DaemonHost() string { return "unix:///run/docker.sock" }

// TestHeldIsNotified: who waits for another foster on this host notifies of that
// once, and does not wait for a receiver that takes nothing once it has the project.
func TestHeldIsNotified(t *testing.T) {
	for name, answers := range map[string]bool{"taken": true, "never answered": false} {
		t.Run(name, func(t *testing.T) {
			got, over := make(chan string, 10), make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				raw, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got <- string(raw)
				if !answers {
					<-over
				}
			}))
			defer server.Close()
			defer close(over)
			dir := t.TempDir()
			lock, err := takeLock(t.Context(), lockPath(dir, atHost{}.DaemonHost(), "p"), func(pid string) { t.Errorf("held by %q", pid) })
			if err != nil {
				t.Fatal(err)
			}
			p := newProgram(t, "28.0")
			out := p.outside(atHost{memory{Engine: p.engine}}, append(twoNetworks, "FOSTER_WEBHOOK_URL="+server.URL+"/s3cret"))
			out.lockDir = dir
			go func() { p.code <- exitCode(execute(context.Background(), out), &p.out) }()
			var m struct{ Kind, Project, Level, Detail, Summary string }
			select {
			case raw := <-got:
				if err := json.Unmarshal([]byte(raw), &m); err != nil {
					t.Fatalf("%v in %s", err, raw)
				}
			case <-time.After(time.Minute):
				t.Fatalf("no notification within a minute\n%s", p.out.String())
			}
			holder := "process " + strconv.Itoa(os.Getpid())
			if m.Kind != "held" || m.Project != "p" || m.Level != "warn" || m.Detail != holder || !strings.Contains(m.Summary, "another foster has this project") {
				t.Errorf("it was told %+v", m)
			}
			if n := p.engine.Count(engine.ContainerCreate); n != 0 {
				t.Errorf("%d containers were made while the project was another's", n)
			}
			if err := lock.release(); err != nil {
				t.Fatal(err)
			}
			p.whole(1)
			if !answers && strings.Contains(p.out.String(), "notification") {
				t.Errorf("it went on after the receiver had had its time:\n%s", p.out.String())
			}
			p.signals <- syscall.SIGTERM
			if code := p.exit(time.Minute); code != 0 {
				t.Errorf("exit code %d", code)
			}
			p.toldAll(got)
		})
	}
}
