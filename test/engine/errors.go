package engine

import (
	"errors"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"
)

// apiError is an answer of the engine with an error status.
type apiError struct {
	kind error
	text string
}

func (e *apiError) Error() string { return "Error response from daemon: " + e.text }
func (e *apiError) Unwrap() error { return e.kind }

func answer(kind error, format string, args ...any) error {
	return &apiError{kind: kind, text: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error { return answer(errdefs.ErrNotFound, format, args...) }

func conflict(format string, args ...any) error { return answer(errdefs.ErrConflict, format, args...) }

func invalid(format string, args ...any) error {
	return answer(errdefs.ErrInvalidArgument, format, args...)
}

func forbidden(format string, args ...any) error {
	return answer(errdefs.ErrPermissionDenied, format, args...)
}

func notImplemented(format string, args ...any) error {
	return answer(errdefs.ErrNotImplemented, format, args...)
}

func internal(format string, args ...any) error { return answer(errdefs.ErrInternal, format, args...) }

// Errors for Fault.Err.
var (
	// Refused is what the client says when nobody listens on the socket.
	//lint:ignore SA1019 the only way to an error that client.IsErrConnectionFailed knows
	Refused = client.ErrorConnectionFailed("unix:///var/run/docker.sock")
	// Unavailable is a 503.
	Unavailable = answer(errdefs.ErrUnavailable, "the engine is shutting down")
	// Internal is a 500 that says nothing.
	Internal = internal("something went wrong")
	// BadParameter is a 400.
	BadParameter = invalid("invalid parameter")
	// PortTaken is the 500 of a start whose published port is not free yet.
	PortTaken = internal("driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated")
	// NoManager is the 500 of a start or connect on an overlay network while
	// the manager is out of reach.
	NoManager = internal("attaching to network failed, make sure your network options are correct and check manager logs: context deadline exceeded")
	// RegistryDown is the 500 of a pull from a registry that does not answer.
	RegistryDown = internal("Get \"http://registry:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused")
	// RateLimited is the 500 of a pull that the registry answers with 429.
	RateLimited = internal("toomanyrequests: retry-after: 30s, allowed: 44000/minute")
)

var errClosed = errors.New("the engine of this test is closed")
