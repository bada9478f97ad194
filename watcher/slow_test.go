package watcher

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"foster/state"
	"foster/test/engine"
)

// TestSlowInspectsHoldNobodyBack: while the pool is full of inspects of
// containers that are being started, which wait, another child is looked at.
func TestSlowInspectsHoldNobodyBack(t *testing.T) {
	onBench(t, engine.Options{}, func(t *testing.T, b *bench) {
		b.network()
		quick := b.child("quick")
		b.run()
		b.heard(time.Second)
		for i := range poolSize {
			name := fmt.Sprintf("slow%d", i)
			id := b.child(name)
			b.Inject(engine.ContainerInspect, -1, engine.Fault{For: id, Delay: 5 * time.Second})
			b.observe <- state.Observe{Op: 10 + i, Child: name, ID: id}
		}
		synctest.Wait()
		began := time.Now()
		b.observe <- state.Observe{Op: 1, Child: "quick", ID: quick}
		answered := 0
		for ev := range b.out {
			got, ok := ev.(state.Observed)
			if !ok {
				continue
			}
			answered++
			if got.Op == 1 && (answered != 1 || time.Since(began) != slowCall) {
				t.Errorf("answer %d, after %s", answered, time.Since(began))
			}
			if answered == poolSize+1 {
				return
			}
		}
	})
}
