package actions

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Defaults for the zero fields of Backoff.
const (
	DefaultBackoffInitial = time.Second
	DefaultBackoffMax     = 60 * time.Second
	DefaultBackoffJitter  = 0.2
)

// Backoff says how long to wait before attempt n of something.
type Backoff struct {
	Initial time.Duration // before attempt 1; more than 0
	Max     time.Duration // of the delay before jitter; at least Initial
	Jitter  float64       // share of the delay that chance adds or takes, 0 to 1; negative: none
}

func (b Backoff) withDefaults() Backoff {
	if b.Initial <= 0 {
		b.Initial = DefaultBackoffInitial
	}
	if b.Max <= 0 {
		b.Max = DefaultBackoffMax
	}
	b.Max = max(b.Max, b.Initial)
	switch {
	case b.Jitter == 0:
		b.Jitter = DefaultBackoffJitter
	case b.Jitter < 0:
		b.Jitter = 0
	}
	b.Jitter = min(b.Jitter, 1)
	return b
}

// Delay is Initial·2^(attempt-1), at most Max, spread by ±Jitter as chance says.
// chance is in [0, 1): 0 gives the shortest delay, 0.5 the plain one. Attempts
// below 1 count as 1.
func (b Backoff) Delay(attempt int, chance float64) time.Duration {
	b = b.withDefaults()
	plain := b.plain(attempt)
	return plain + time.Duration((2*chance-1)*b.Jitter*float64(plain))
}

// plain doubles step by step, as backoff.ExponentialBackOff does without
// randomization; the loop ends as soon as Max is reached.
func (b Backoff) plain(attempt int) time.Duration {
	series := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(b.Initial),
		backoff.WithMaxInterval(b.Max),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0),
		backoff.WithMaxElapsedTime(0),
	)
	d := series.NextBackOff()
	for n := 1; n < attempt && d < b.Max; n++ {
		d = series.NextBackOff()
	}
	return min(d, b.Max)
}
