package actions

import (
	"math"
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	b := Backoff{Initial: time.Second, Max: 60 * time.Second, Jitter: 0.2}
	for attempt, want := range map[int]time.Duration{
		-3: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second,
		6: 32 * time.Second, 7: 60 * time.Second, 8: 60 * time.Second, math.MaxInt: 60 * time.Second,
	} {
		if got := b.Delay(attempt, 0.5); got != want {
			t.Errorf("attempt %d: %s, want %s", attempt, got, want)
		}
		low, high := b.Delay(attempt, 0), b.Delay(attempt, math.Nextafter(1, 0))
		if low != want*8/10 || high > want*12/10 || high < want*119/100 {
			t.Errorf("attempt %d: from %s to %s, want ±20%% of %s", attempt, low, high, want)
		}
	}
}

func TestDelayGrows(t *testing.T) {
	for _, b := range []Backoff{{}, {Initial: 7 * time.Millisecond, Max: time.Hour}, {Initial: time.Minute, Max: time.Second}} {
		full := b.withDefaults()
		last := time.Duration(0)
		for n := 1; n < 80; n++ {
			d := b.Delay(n, 0.5)
			if d < last || d > full.Max || d < full.Initial {
				t.Fatalf("%+v: attempt %d waits %s after %s", b, n, d, last)
			}
			last = d
		}
		if last != full.Max {
			t.Errorf("%+v ends at %s, want %s", b, last, full.Max)
		}
	}
}

func TestDelayWithoutJitter(t *testing.T) {
	b := Backoff{Initial: time.Second, Max: time.Second, Jitter: -1}
	if lo, hi := b.Delay(1, 0), b.Delay(1, 0.99); lo != time.Second || hi != time.Second {
		t.Errorf("from %s to %s", lo, hi)
	}
}
