package chaos

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestInterrupt: the first Ctrl-C lets the round end, the second takes it back.
func TestInterrupt(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		w.takes(3 * time.Second)
		o := options()
		o.Rounds = 0
		go func() {
			time.Sleep(time.Second) // in the first round
			close(w.stop)
		}()
		began := time.Now()
		s := w.must(o)
		if s.Done != 1 || len(s.Measured[Kill]) != 1 || s.Unfinished != nil || time.Since(began) > 4*time.Second {
			t.Errorf("%+v after %s", s, time.Since(began))
		}
	})
	for _, kind := range []Kind{Pause, Cut} {
		bubble(t, func(t *testing.T, w *world) {
			id := w.child("p", "web")
			w.asleep()
			o := options()
			o.Kinds, o.PauseFor = []Kind{kind}, 10*time.Second
			if kind == Cut {
				o.Kinds, o.Cuts = nil, []string{"front"}
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			began := time.Now()
			s, err := w.chaos(ctx, o, nil)
			if !errors.Is(err, context.Canceled) || s.Unfinished == nil || s.Done != 0 || time.Since(began) > 2*time.Second {
				t.Errorf("%v, %+v after %s", err, s, time.Since(began))
			}
			if c, err := w.e.Look(id); err != nil || c.State.Paused || c.NetworkSettings.Networks["front"] == nil {
				t.Errorf("%s was left: %v", kind, err)
			}
		})
	}
}

// TestStopBetweenRounds ends at once: nothing is broken then.
func TestStopBetweenRounds(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.child("p", "web")
		o := options()
		o.Every = time.Hour
		time.AfterFunc(time.Minute, func() { close(w.stop) })
		began := time.Now()
		if s := w.must(o); s.Done != 1 || time.Since(began) > time.Minute+time.Second {
			t.Errorf("%d rounds after %s", s.Done, time.Since(began))
		}
	})
}
