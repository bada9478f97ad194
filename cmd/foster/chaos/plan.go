package chaos

import (
	"math/rand/v2"
	"time"
)

// plan draws what is done to whom, and when. The same seed, targets and options
// give the same sequence, whatever happens in between.
type plan struct {
	chance        *rand.Rand
	targets       []*Target
	every, jitter time.Duration
}

func newPlan(seed uint64, targets []*Target, every, jitter time.Duration) *plan {
	return &plan{chance: rand.New(rand.NewPCG(seed, 0)), targets: targets, every: every, jitter: jitter}
}

// draw is one round: a target, one of its faults, and the time from its end
// to the next, --every give or take --jitter.
func (p *plan) draw() (*Target, fault, time.Duration) {
	t := p.targets[p.chance.IntN(len(p.targets))]
	f := t.faults[p.chance.IntN(len(t.faults))]
	gap := p.every + time.Duration((2*p.chance.Float64()-1)*float64(p.jitter))
	return t, f, gap
}
