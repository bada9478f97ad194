package metrics

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Calls measures calls of an engine's API.
type Calls struct{ seconds *prometheus.SummaryVec }

// NewCalls makes Calls that nothing was called of yet.
func NewCalls() *Calls {
	return &Calls{prometheus.NewSummaryVec(prometheus.SummaryOpts{
		Name: "foster_engine_call_duration_seconds",
		Help: "Time until the engine answered a call, by verb and by how it ended: ok, not_found, conflict, denied, invalid, server, unreachable, timeout or canceled. " +
			"What an answer streams afterwards (events, logs, the progress of a pull) is not part of it.",
	}, []string{"verb", "class"})}
}

// Transport measures the calls that go through another transport.
func (c *Calls) Transport(next http.RoundTripper) http.RoundTripper {
	return measured{next, c}
}

type measured struct {
	next  http.RoundTripper
	calls *Calls
}

func (m measured) RoundTrip(r *http.Request) (*http.Response, error) {
	what, began := verb(r.Method, r.URL.Path), time.Now()
	resp, err := m.next.RoundTrip(r)
	code := 0
	if resp != nil {
		code = resp.StatusCode
	}
	m.calls.seconds.WithLabelValues(what, class(code, err)).Observe(time.Since(began).Seconds())
	return resp, err
}

// class says how a call ended.
func class(code int, err error) string {
	var late net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return "timeout"
	case err != nil:
		return "unreachable"
	case code < http.StatusBadRequest:
		return "ok" // 304 too: it was so already
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return "denied"
	case code == http.StatusNotFound:
		return "not_found"
	case code == http.StatusConflict:
		return "conflict"
	case code < http.StatusInternalServerError:
		return "invalid"
	}
	return "server"
}
