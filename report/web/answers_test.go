package web

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"foster/report"
	"foster/state"
)

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestVerdicts: what Swarm, a load balancer and a person see of a project.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name           string
		change         func(*state.State)
		healthy, ready int
		line           string
	}{
		{"at the beginning", func(*state.State) {}, 503, 503, "starting: waiting for the engine\n"},
		{"the engine is silent", whole, 200, 503, "blind: the engine's events do not arrive: what happens meanwhile is not seen\n"},
		{"whole", func(s *state.State) { whole(s); s.StreamUp = true }, 200, 200, "whole: 1 child is whole\n"},
		{"dead", died, 503, 503, "recovering: web: being recovered (dead)\n"},
		{"standby", func(s *state.State) { s.Stage = state.Standby }, 200, 503, "standby: another foster has this project: waiting for its end\n"},
		{"closing", func(s *state.State) {
			s.Stage, s.Reason, s.Children[0].Launched = state.Closing, "signal: terminated", true
		}, 200, 503, "stopping: everything is taken down: signal: terminated\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			within(t, Options{}, func(w *world) {
				w.step(c.change)
				for path, code := range map[string]int{"/healthz": c.healthy, "/readyz": c.ready} {
					resp := w.ask("GET", path, nil)
					if got := body(t, resp); resp.StatusCode != code || got != c.line {
						t.Errorf("%s: %d %q, want %d %q", path, resp.StatusCode, got, code, c.line)
					}
				}
			})
		})
	}
}

// TestStatus: the document has the present and the history.
func TestStatus(t *testing.T) {
	within(t, Options{}, func(w *world) {
		w.step(died, fault)
		resp := w.ask("GET", "/status", nil)
		var got report.Status
		if err := json.Unmarshal([]byte(body(t, resp)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Schema != report.Schema || got.Project != "p" || got.Foster.Instance != "one" {
			t.Errorf("it is somebody else's: %+v", got)
		}
		if got.Children[0].Phase != "dead" || got.Children[0].Faults != 1 || len(got.History) != 2 || got.History[1].Kind != "fault" {
			t.Errorf("it does not tell of the fault: %+v", got)
		}
		if kind := resp.Header.Get("Content-Type"); kind != "application/json" {
			t.Errorf("its type is %q", kind)
		}
	})
}

// TestReadOnly: nothing but GET and HEAD, and nothing but what is there.
func TestReadOnly(t *testing.T) {
	within(t, Options{}, func(w *world) {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			resp := w.ask(method, "/status", nil)
			if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s: %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
			}
		}
		for _, path := range []string{"/healthz", "/readyz", "/status", "/events"} {
			resp := w.ask("HEAD", path, nil)
			if got := body(t, resp); got != "" || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("HEAD %s: %d with a body of %q", path, resp.StatusCode, got)
			}
		}
		for _, path := range []string{"/", "/metrics", "/debug/pprof/", "/status/", "/healthz/x", "/index.html"} {
			if resp := w.ask("GET", path, nil); resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", path, resp.StatusCode)
			}
		}
	})
}

// TestOthers: metrics and the page are answered by those who know them.
func TestOthers(t *testing.T) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, text+r.URL.Path) })
	}
	within(t, Options{Metrics: says("metrics "), Page: says("page ")}, func(w *world) {
		for path, want := range map[string]string{"/metrics": "metrics /metrics", "/": "page /", "/page.js": "page /page.js", "/healthz": "starting: "} {
			if got := body(t, w.ask("GET", path, nil)); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q", path, got)
			}
		}
	})
}

// TestHeaders: no browser keeps, frames, guesses or refers to anything.
func TestHeaders(t *testing.T) {
	within(t, Options{}, func(w *world) {
		for _, path := range []string{"/healthz", "/status", "/events", "/nowhere"} {
			h := w.ask("GET", path, nil).Header
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin",
				"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			} {
				if h.Get(name) != want {
					t.Errorf("%s: %s is %q", path, name, h.Get(name))
				}
			}
		}
	})
}
