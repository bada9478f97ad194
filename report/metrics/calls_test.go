package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"testing"
)

// transport answers every call alike.
type transport struct {
	code int
	err  error
}

func (t transport) RoundTrip(*http.Request) (*http.Response, error) {
	if t.err != nil {
		return nil, t.err
	}
	return &http.Response{StatusCode: t.code, Body: http.NoBody}, nil
}

// TestCallClasses: how calls end, by status and by error, is counted and changes nothing.
func TestCallClasses(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		transport
		class string
	}{
		{transport{200, nil}, "ok"},
		{transport{101, nil}, "ok"},
		{transport{304, nil}, "ok"},
		{transport{400, nil}, "invalid"},
		{transport{401, nil}, "denied"},
		{transport{403, nil}, "denied"},
		{transport{404, nil}, "not_found"},
		{transport{409, nil}, "conflict"},
		{transport{429, nil}, "invalid"},
		{transport{500, nil}, "server"},
		{transport{503, nil}, "server"},
		{transport{0, syscall.ECONNREFUSED}, "unreachable"},
		{transport{0, io.ErrUnexpectedEOF}, "unreachable"},
		{transport{0, refused}, "unreachable"},
		{transport{0, fmt.Errorf("dial: %w", context.Canceled)}, "canceled"},
		{transport{0, fmt.Errorf("dial: %w", context.DeadlineExceeded)}, "timeout"},
		{transport{0, os.ErrDeadlineExceeded}, "timeout"},
	} {
		w := newWorld(t)
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://x/v1.41/containers/abc/start", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := w.calls.Transport(c.transport).RoundTrip(r)
		if resp != nil {
			_ = resp.Body.Close()
		}
		if !errors.Is(err, c.err) || err == nil && resp.StatusCode != c.code {
			t.Errorf("%v became %v, %v", c.transport, resp, err)
		}
		want := map[string]float64{fmt.Sprintf(`foster_engine_call_duration_seconds_count{class=%q,verb="container_start"}`, c.class): 1}
		for _, class := range classes {
			want[fmt.Sprintf(`foster_engine_calls_total{class=%q}`, class)] = 0
		}
		counted := fmt.Sprintf(`foster_engine_calls_total{class=%q}`, c.class)
		if _, known := want[counted]; !known {
			t.Errorf("%s is not there from the beginning", counted)
		}
		want[counted] = 1
		w.shows(want)
	}
}

// ending is a server that answers nothing before the context of a call ends.
type ending struct{}

func (ending) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context()) // as net/http does
}

// TestEndedCalls: who ended a call, and not with which words, is its class.
func TestEndedCalls(t *testing.T) {
	for _, c := range []struct {
		cause error
		class string
	}{
		{nil, "canceled"},
		{errors.New("signalled"), "canceled"},
		{fmt.Errorf("no progress for 1m: %w", os.ErrDeadlineExceeded), "timeout"},
		{fmt.Errorf("too slow: %w", context.DeadlineExceeded), "timeout"},
	} {
		w := newWorld(t)
		ctx, end := context.WithCancelCause(t.Context())
		end(c.cause)
		r, err := http.NewRequestWithContext(ctx, "POST", "http://x/v1.41/images/create", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := w.calls.Transport(ending{}).RoundTrip(r); err == nil {
			t.Errorf("there is an answer: %v", resp.Body.Close())
		}
		w.shows(map[string]float64{fmt.Sprintf(`foster_engine_call_duration_seconds_count{class=%q,verb="image_pull"}`, c.class): 1})
	}
}

// TestVerbs: names do not matter, not even names that look like verbs.
func TestVerbs(t *testing.T) {
	for call, want := range map[string]string{
		"HEAD /_ping": "ping", "GET /v1.41/_ping": "ping", "GET /v1.47/events": "events",
		"GET /v1.41/containers/json": "container_list", "GET /v1.41/containers/json/json": "container_inspect",
		"POST /v1.41/containers/create": "container_create", "POST /v1.41/containers/create/start": "container_start",
		"DELETE /v1.41/containers/json": "container_remove", "GET /v1.41/images/registry/a/b:1/json": "image_inspect",
		"POST /v1.41/images/create": "image_pull", "GET /v1.41/networks": "network_list", "GET /v1.41/networks/create": "network_inspect",
		"POST /proxied/docker/v1.41/networks/front/connect": "network_connect", "GET /proxied/_ping": "ping",
		"DELETE /v1.41/volumes/x": "volume_remove", "GET /v1.41/services/x": "service_inspect",
		"POST /v1.41/containers/x/attach": "other", "GET /v1.41/plugins": "other", "GET /": "other", "GET ": "other", "PATCH /v1.41/networks": "other",
		"GET /v1.41": "other", "GET /v1.41/": "other",
	} {
		method, path := "", ""
		_, _ = fmt.Sscan(call, &method, &path)
		if got := verb(method, path); got != want {
			t.Errorf("%s is %s, want %s", call, got, want)
		}
	}
}
