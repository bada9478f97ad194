package main

import (
	"fmt"
	"net/http"

	"github.com/docker/docker/client"

	"foster/report/metrics"
)

// measuredEngine is a client whose calls are measured.
type measuredEngine struct {
	*client.Client
	calls *http.Transport // that the calls go through
}

var _ Engine = measuredEngine{}

// newMeasuredEngine is newEngine, with every call measured but those that take
// a connection over (an exec that is attached to).
//
// The client looks into its own transport for how to dial and for TLS whenever
// it takes a connection over, so that one has to stay what it is; it is only
// told to pass its requests on, to a copy of it.
func newMeasuredEngine(out outside, calls *metrics.Calls) (Engine, error) {
	if out.engine != nil {
		return out.engine, nil
	}
	var inner *http.Transport
	engine, err := newEngine(out, func(c *client.Client) error {
		base, ok := c.HTTPClient().Transport.(*http.Transport)
		if !ok {
			return fmt.Errorf("measure calls of the engine: the client's transport is a %T", c.HTTPClient().Transport)
		}
		inner = base.Clone()
		for _, scheme := range []string{"http", "https"} {
			base.RegisterProtocol(scheme, calls.Transport(inner))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return measuredEngine{engine.(*client.Client), inner}, nil
}

// Close ends the connections that nothing is asked on.
func (m measuredEngine) Close() error {
	m.calls.CloseIdleConnections()
	return m.Client.Close()
}
