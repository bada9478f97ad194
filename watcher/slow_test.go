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
		end := time.After(time.Minute)
		first := false
		for answered := 0; answered <= poolSize; {
			select {
			case ev := <-b.out:
				got, ok := ev.(state.Observed)
				if !ok {
					continue
				}
				answered++
				if got.Op != 1 {
					continue
				}
				if first = answered == 1; !first || time.Since(began) != slowCall {
					t.Errorf("answer %d, after %s", answered, time.Since(began))
				}
			case <-end:
				t.Fatalf("%d answers of %d", answered, poolSize+1)
			}
		}
		if !first {
			t.Error("the quick one was not answered first")
		}
	})
}
