package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"foster/test/lab"
)

// Two or more fosters of one project on one engine: one has the project, the
// others say whose end they wait for.

// The time from the owner's end to the child in the next one's hands is less than
// handOver. That is checked where no other test is under way; beside the
// others and their engines it may be busyHandOver. early is how long before the
// stamp of an end the engine may list a container as ended: whoever has the child
// before that has not waited for the end.
const (
	handOver     = 2 * time.Second
	busyHandOver = 8 * time.Second
	early        = 100 * time.Millisecond
)

const standsBy = "another foster has this project: waiting for its end"

// awaitStandsBy waits until a foster says that it waits for the end of holder.
func (f *foster) awaitStandsBy(holder string) {
	f.w.t.Helper()
	f.awaitSaid(standsBy, "holder="+holder)
}

// relays lets a child write a line, and waits until the foster that has it has
// relayed that.
func (f *foster) relays(child container.InspectResponse, text string) {
	f.w.t.Helper()
	f.w.docker("exec", child.ID, "sh", "-c", "echo '"+text+"' >/proc/1/fd/1")
	f.awaitSaid(childSays + text)
}

// childSays is in front of what is no entry of foster's own log.
const childSays = "(not JSON) "

// relayedOnce: what the owner relayed has not come again from the next one, which
// has relayed later lines by now.
func (f *foster) relayedOnce(next *foster, text string) {
	f.w.t.Helper()
	if n, again := len(f.said(childSays+text)), len(next.said(childSays+text)); n != 1 || again != 0 {
		f.w.t.Errorf("%q was relayed %d times by the owner and %d times by the next one", text, n, again)
	}
}

// handedOver prints and bounds the time between two moments.
func handedOver(t testing.TB, bound time.Duration, what string, from, to time.Time) {
	t.Helper()
	took := to.Sub(from)
	t.Logf("hand-over, %s: %s after the owner's end, bound %s", what, took.Round(time.Millisecond), bound)
	if took > bound {
		t.Errorf("%s took %s", what, took)
	}
	if took < -early {
		t.Errorf("%s %s before the owner's end", what, -took)
	}
}

func stamp(m events.Message) time.Time { return time.Unix(0, m.TimeNano) }

// at is the time of a log entry.
func (l line) at(t testing.TB) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, l.text("time"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// death is when the engine said that a container ended, by name or ID.
func (w *world) death(ref string) time.Time {
	w.t.Helper()
	var found time.Time
	lab.Eventually(w.t, patience, "the end of "+ref, func() error {
		ends := w.rec.All(lab.Type("container"), lab.Container(ref), lab.Action("die"))
		if len(ends) == 0 {
			return errors.New("it has not ended")
		}
		found = stamp(ends[len(ends)-1])
		return nil
	})
	return found
}

// startOf is when the engine said that this run of a container was started.
func (w *world) startOf(c container.InspectResponse) time.Time {
	w.t.Helper()
	return stamp(w.heard(lab.Type("container"), lab.Container(c.ID), lab.Action("start"), lab.After(startedAt(w.t, c).UnixNano()-1)))
}

// still fails the test unless the child is the same run as before.
func (w *world) still(before container.InspectResponse) {
	w.t.Helper()
	c, err := w.Client().ContainerInspect(w.t.Context(), before.ID)
	if err == nil {
		err = errors.Join(running(c), same(before)(c))
	}
	if err != nil {
		w.t.Error(fmt.Errorf("the child did not live on: %w", err))
	}
}
