package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

// TestProbesAreNotTold: what a healthcheck printed is in the log alone: not in
// what is told of a child that is unhealthy before it is whole again, nor of the
// end that follows. In real time: a bubble's clock stands still while somebody
// listens.
func TestProbesAreNotTold(t *testing.T) {
	t.Parallel()
	var posted syncBuffer
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(&posted, r.Body); err != nil {
			t.Error(err)
		}
	}))
	defer hook.Close()
	path := filepath.Join(t.TempDir(), "http.sock")
	p := &program{t: t, engine: memoryEngine(t), signals: make(chan os.Signal, 4), code: make(chan int, 1)}
	addChecked(p.engine)
	p.launch(memory{Engine: p.engine}, []string{
		"LAUNCH_IMAGE=checked:1", "LAUNCH_PROJECT_NAME=p", "LAUNCH_SERVICE_NAME=web",
		"FOSTER_ON_UNHEALTHY=exit", "FOSTER_LISTEN=unix://" + path, "FOSTER_WEBHOOK_URL=" + hook.URL,
	})
	runs := func(before string) (id string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			list := p.engine.LookList(container.ListOptions{})
			if len(list) == 1 && list[0].ID != before {
				return list[0].ID
			}
			if time.Now().After(deadline) {
				t.Fatalf("no child runs\n%s", p.out.String())
			}
		}
	}
	first := runs("")
	p.must(p.engine.SetHealth(first, container.Healthy))
	awaitWords(t, &p.out, "launched: the child is whole")

	resp, err := unixClient(path).Get("http://foster/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var told syncBuffer
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(&told, resp.Body) }) // cut or ended: what came is what counts

	p.must(p.engine.Kill(first))
	second := runs(first)
	p.must(p.engine.Probed(second, 1, "the password hunter2 is refused"))
	p.must(p.engine.SetHealth(second, container.Unhealthy))
	if code := p.exit(20 * time.Second); code != 1 {
		t.Errorf("exit code %d", code)
	}
	reading.Wait()
	for what, x := range map[string]struct {
		text string
		has  []string
	}{
		"/events":      {told.String(), []string{`"kind":"relapse"`, `"kind":"gave-up"`, "the child's healthcheck gave up"}},
		"notification": {posted.String(), []string{`"kind":"gave-up"`}},
	} {
		for _, want := range x.has {
			if !strings.Contains(x.text, want) {
				t.Errorf("%s: no %q in\n%s", what, want, x.text)
			}
		}
		if strings.Contains(x.text, "hunter2") {
			t.Errorf("%s: it has what the healthcheck printed:\n%s", what, x.text)
		}
	}
	if log := p.out.String(); strings.Count(log, "the password hunter2 is refused") != 2 {
		t.Errorf("the log does not have it twice:\n%s", log)
	}
}
