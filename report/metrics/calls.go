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
type Calls struct {
	seconds *prometheus.SummaryVec
	ended   *prometheus.CounterVec
}

// classes are how calls end. Each has a counter from the beginning, which the
// many pairs of verb and class have not: one that comes into being with a burst
// of failures shows no increase.
var classes = []string{"ok", "not_found", "conflict", "denied", "invalid", "server", "unreachable", "timeout", "canceled"}

// NewCalls makes Calls that nothing was called of yet.
func NewCalls() *Calls {
	c := &Calls{
		prometheus.NewSummaryVec(prometheus.SummaryOpts{
			Name: "foster_engine_call_duration_seconds",
			Help: "Time until the engine answered a call, by verb and by how it ended: ok, not_found, conflict, denied, invalid, server, unreachable, timeout or canceled. " +
				"What an answer streams afterwards (events, logs, the progress of a pull) is not part of it.",
		}, []string{"verb", "class"}),
		prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foster_engine_calls_total", Help: "Calls of the engine, by how they ended.",
		}, []string{"class"}),
	}
	for _, class := range classes {
		c.ended.WithLabelValues(class)
	}
	return c
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
	end := class(r.Context(), code, err)
	m.calls.seconds.WithLabelValues(what, end).Observe(time.Since(began).Seconds())
	m.calls.ended.WithLabelValues(end).Inc()
	return resp, err
}

// class says how a call ended that was made with ctx.
func class(ctx context.Context, code int, err error) string {
	switch {
	case err != nil:
		return failure(ctx, err)
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

// failure says why there was no answer. Of a context that was cancelled the
// error of a transport is the cause, which may be any error at all.
func failure(ctx context.Context, err error) string {
	switch {
	case late(err), late(context.Cause(ctx)):
		return "timeout"
	case errors.Is(err, context.Canceled), ctx.Err() != nil:
		return "canceled"
	}
	return "unreachable"
}

// late says whether an error is one of time that has run out.
func late(err error) bool {
	var timed net.Error
	return errors.As(err, &timed) && timed.Timeout()
}
