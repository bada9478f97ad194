package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"foster/redact"
	"foster/state"
)

// Verb is one kind of engine call, as far as its errors mean different things.
type Verb string

// The verbs.
const (
	VerbCreate        Verb = "create container"
	VerbStart         Verb = "start container"
	VerbStop          Verb = "stop container"
	VerbRemove        Verb = "remove container"
	VerbInspect       Verb = "inspect container"
	VerbConnect       Verb = "connect network"
	VerbDisconnect    Verb = "disconnect network"
	VerbPull          Verb = "pull image"
	VerbInspectImage  Verb = "inspect image"
	VerbNetworkCreate Verb = "create network"
	VerbNetworkRemove Verb = "remove network"
	VerbNetworkLook   Verb = "inspect network"
	VerbVolumeCreate  Verb = "create volume"
	VerbVolumeLook    Verb = "inspect volume"
	VerbVolumeRemove  Verb = "remove volume"
)

// opError is an error whose class is known, told as an operator needs it.
type opError struct {
	class state.Class
	doing string        // `create container "x"`
	err   error         // nil when doing says it all
	hint  string        // what to do about it
	pause time.Duration // the least time before another try that was asked for
}

func (e *opError) Error() string {
	s := e.doing
	if e.err != nil {
		s += ": " + strings.TrimPrefix(e.err.Error(), "Error response from daemon: ")
	}
	if e.hint != "" {
		s += " (" + e.hint + ")"
	}
	return s
}

func (e *opError) Unwrap() error { return e.err }

// fail wraps the error of an engine call. An error that has its class already
// keeps it.
func fail(v Verb, doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*opError](err); ok {
		return err
	}
	class, hint, _ := judge(v, err)
	return &opError{class: class, doing: doing, err: err, hint: hint}
}

// pauseOf is the pause that an error asks for, 0 for none.
func pauseOf(err error) time.Duration {
	if e, ok := errors.AsType[*opError](err); ok {
		return e.pause
	}
	return 0
}

// Classify says what an engine's answer to a call means for the decision what
// to do next. Nil is OK. An answer that nothing is known of is Transient: it is
// tried again with a growing delay, which harms nobody.
func Classify(v Verb, err error) state.Class {
	class, _, _ := judge(v, err)
	return class
}

// judge is Classify with a hint for the operator ("" where the engine's own
// words are enough), and whether the cause may be over within seconds.
//
// Kinds of errors (errdefs) come first where a kind has one meaning for the
// verb. The engine's words are asked where it has not: 404 of a create is a
// missing image, network or container; a registry's refusal is a plain 500.
func judge(v Verb, err error) (class state.Class, hint string, again bool) {
	switch e, ok := errors.AsType[*opError](err); {
	case err == nil:
		return state.OK, "", false
	case ok:
		return e.class, e.hint, false
	case errors.Is(err, context.Canceled):
		return state.Canceled, "", false
	case errors.Is(err, context.DeadlineExceeded):
		if mayHaveHappened(v) {
			return state.Unsure, "the engine did not answer in time", false
		}
		return state.Transient, "the engine did not answer in time", false
	case client.IsErrConnectionFailed(err), lost(err):
		return state.Transient, "", true
	case errdefs.IsUnavailable(err):
		return state.Transient, "", true
	}
	text := err.Error()
	for _, a := range answers {
		if a.means(v, text) {
			return a.class, a.hint, a.again
		}
	}
	class = byKind(v, err)
	return class, "", false
}

// byKind is what an error's kind alone means.
func byKind(v Verb, err error) state.Class {
	switch {
	case errdefs.IsNotFound(err):
		switch v {
		case VerbPull, VerbNetworkCreate, VerbVolumeCreate: // no such image; no such driver
			return state.Permanent
		case VerbInspectImage:
			return state.NoImage
		case VerbNetworkLook:
			return state.NoNetwork
		case VerbCreate:
			// What it is created against (a namespace, volumes_from) is gone;
			// it is looked up anew for the next one.
			return state.Transient
		}
		return state.Gone
	case errdefs.IsPermissionDenied(err) && v == VerbStart:
		// Create has accepted the configuration; what a start is refused is
		// taken by somebody else.
		return state.Transient
	case errdefs.IsInvalidArgument(err), errdefs.IsNotImplemented(err),
		errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		switch v {
		case VerbStop, VerbRemove, VerbInspect, VerbDisconnect:
			// There is no configuration to mend in these.
			return state.Transient
		}
		return state.Permanent
	}
	return state.Transient
}

// mayHaveHappened: the engine goes on with these after the client has left,
// and going on makes a difference.
func mayHaveHappened(v Verb) bool { return v == VerbCreate || v == VerbStart }

// lost: the connection broke after the request had been sent, so the engine may
// have carried it out.
func lost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// detail is err as one line for logs and Done, without secrets.
func detail(err error) string {
	return redact.Text(strings.Join(strings.Fields(err.Error()), " "))
}

// short is the form of a container ID that people use.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// classified makes an error of its own of a class.
func classified(class state.Class, hint, format string, args ...any) error {
	return &opError{class: class, doing: fmt.Sprintf(format, args...), hint: hint}
}
