package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"

	"foster/test/lab"
)

// before fails the test unless one event came before the other, by the engine's clock.
func (w *world) before(a, b events.Message) {
	w.t.Helper()
	if a.TimeNano >= b.TimeNano {
		w.t.Errorf("%s of %s is not before %s of %s", a.Action, a.Actor.Attributes["name"], b.Action, b.Actor.Attributes["name"])
	}
}

// orderFile is a project with every condition: db must be healthy, migrate
// complete, cache run; lost can never work, and is optional.
const orderFile = `
services:
  db: {image: ` + sickImage + `}
  migrate:
    image: ` + childImage + `
    entrypoint: [sh, -c, "sleep 0.5; exit 0"]
    depends_on: {db: {condition: service_healthy}}
  seed: {image: ` + childImage + `, entrypoint: [echo, seeded]} # mostly ends before its start is answered
  cache: {image: ` + childImage + `, command: [loyal]}
  lost:
    image: ` + childImage + `
    entrypoint: ["false"]
    healthcheck: {test: ["CMD", "true"], interval: 100ms}
  app:
    image: ` + childImage + `
    depends_on:
      db: {condition: service_healthy}
      migrate: {condition: service_completed_successfully}
      seed: {condition: service_completed_successfully}
      cache: {condition: service_started}
      lost: {condition: service_healthy, required: false}
`

// TestOrder: children start when what they wait for has come so far, a one-shot
// stays completed, also for the next foster, and the stop goes the other way.
func TestOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	path := w.onDisk(orderFile)
	f := w.composedAt(path)
	app := w.awaitRuns("app")
	f.awaitSaid("launched", "child=app")
	f.awaitSaid("completed", "child=migrate")
	lab.Eventually(t, patience, "the other one-shot's output", func() error {
		if !strings.Contains(f.log(), "| seeded") {
			return errors.New("it is not there")
		}
		return nil
	})
	healthy := w.first("db", "health_status: healthy")
	w.before(healthy, w.first("migrate", "start"))
	w.before(w.first("migrate", "die"), w.first("app", "create"))
	w.before(w.first("cache", "start"), w.first("app", "create"))
	w.before(w.first("lost", "die"), w.first("app", "create"))

	job, err := w.of("migrate")
	if err != nil || job.State.Status != "exited" {
		t.Fatalf("the one-shot's container is %v, %v; it is to stay, exited", job.State, err)
	}
	w.docker("kill", app.ID)
	app = w.awaitRuns("app", newer(app))
	db := w.awaitRuns("db")

	// The next foster finds everything as it is to be.
	f.kill()
	f = w.composedAt(path)
	f.awaitSaid("adopted", "child=app")
	f.awaitSaid("completed", "child=migrate")
	w.awaitRuns("app", same(app))
	w.awaitRuns("db", same(db))
	if n := len(w.about("migrate", "start")); n != 1 {
		t.Errorf("the one-shot ran %d times", n)
	}

	f.stop()
	w.nothingLeft()
	w.before(w.lastOf("app", "die"), w.lastOf("db", "die"))
	w.before(w.lastOf("app", "die"), w.lastOf("cache", "die"))
}

// lastOf is the last such event of a child.
func (w *world) lastOf(child, action string) events.Message {
	w.t.Helper()
	all := w.about(child, action)
	if len(all) == 0 {
		w.t.Fatalf("no %s of %s", action, child)
	}
	return all[len(all)-1]
}

// TestFailedOneShot: what waits for the success of a child that is not to be
// restarted can never start: the run ends with that child's code.
func TestFailedOneShot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.composed(`
services:
  migrate: {image: ` + childImage + `, entrypoint: [sh, -c, "exit 7"], restart: "no"}
  other: {image: ` + childImage + `}
  app:
    image: ` + childImage + `
    depends_on: {migrate: {condition: service_completed_successfully}}
`)
	f.ended(7, patience)
	if len(f.said("giving up", "child=app")) != 1 {
		t.Error("nobody said why")
	}
	w.nothingLeft()
}

// TestMissingHealthcheck: service_healthy on an image without one is a mistake
// that only the engine can show.
func TestMissingHealthcheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.composed(`
services:
  db: {image: ` + childImage + `}
  app:
    image: ` + childImage + `
    depends_on: {db: {condition: service_healthy}}
`)
	f.ended(125, patience)
	if said := f.said("giving up", "child=app"); len(said) != 1 || !strings.Contains(said[0].text("detail"), "healthcheck") {
		t.Errorf("it said %v", said)
	}
	w.nothingLeft()
}

// TestCompletion: each child ends by its own policy; when all have, the run ends.
func TestCompletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.composed(`
services:
  once: {image: `+childImage+`, entrypoint: [sh, -c, "exit 5"], restart: "no"}
  twice: {image: `+childImage+`, entrypoint: [sh, -c, "exit 3"], restart: "on-failure:1"}
  well: {image: `+childImage+`, entrypoint: [sh, -c, "sleep 1"], restart: on-failure}
`, "FOSTER_STABLE_AFTER=10s")
	f.ended(5, patience)
	w.nothingLeft()
	for child, starts := range map[string]int{"once": 1, "twice": 2, "well": 1} {
		if got := len(w.about(child, "start")); got != starts {
			t.Errorf("%s was started %d times, want %d", child, got, starts)
		}
	}
}

// TestGracesOfAChain: stubborn children that stop one after another share
// foster's grace, so that all are gone before Swarm would kill foster. It runs
// beside no other test: on an engine with much to do the chain itself takes long.
func TestGracesOfAChain(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	var file strings.Builder
	file.WriteString("services:\n")
	for i := range 3 {
		fmt.Fprintf(&file, "  s%d: {image: %s, command: [stubborn], stop_grace_period: 20s", i, childImage)
		if i > 0 {
			fmt.Fprintf(&file, ", depends_on: [s%d]", i-1)
		}
		file.WriteString("}\n")
	}
	f := w.composed(file.String(), "FOSTER_STOP_GRACE=9s")
	for i := range 3 {
		w.awaitRuns(fmt.Sprintf("s%d", i))
	}
	f.awaitSaid("the stop grace of the children")
	begin := time.Now()
	f.stop()
	if took := time.Since(begin); took > 9*time.Second {
		t.Errorf("the stop took %s of the 9 s that foster has", took)
	}
	for i := range 3 {
		if got := w.rec.All(lab.Type("container"), lab.Action("kill"), lab.Label("foster.child", fmt.Sprintf("s%d", i)), lab.Label("foster.project", w.project)); len(got) != 2 {
			t.Errorf("s%d got %d signals, want TERM and KILL", i, len(got))
		}
	}
	w.nothingLeft()
}
