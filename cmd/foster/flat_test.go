package main

import (
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"foster/test/engine"
)

// recoveries is enough for anything that grows with each of them to show: a
// kilobyte kept of each is ten megabytes.
const recoveries = 10_000

// TestMemoryStaysFlat: a foster that has recovered its child ten thousand times
// needs no more memory, and no more goroutines, than after a thousand.
func TestMemoryStaysFlat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, "20.10", append(twoNetworks, "FOSTER_LOG_LEVEL=error", "FOSTER_STABLE_AFTER=100ms")...)
		time.Sleep(time.Second)
		measure := func() (heap int64, goroutines int) {
			p.engine.ForgetCalls() // they are the engine's memory, not foster's
			synctest.Wait()
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc), runtime.NumGoroutine()
		}
		recover := func(n int) {
			for range n {
				if err := p.engine.Kill("p-web-1"); err != nil {
					t.Fatalf("%v\n%s", err, p.out.String())
				}
				time.Sleep(300 * time.Millisecond)
			}
			if made := p.engine.Count(engine.ContainerCreate); made != n {
				t.Fatalf("%d creates for %d deaths\n%s", made, n, p.out.String())
			}
		}
		p.engine.ForgetCalls()
		recover(recoveries / 10)
		heap, goroutines := measure()
		recover(recoveries - recoveries/10)
		later, laterGoroutines := measure()
		t.Logf("after %d recoveries: heap %d kB, %d goroutines; after %d: %d kB, %d", recoveries/10, heap/1000, goroutines, recoveries, later/1000, laterGoroutines)
		if later-heap > 200_000 {
			t.Errorf("the heap grew by %d bytes", later-heap)
		}
		if laterGoroutines > goroutines {
			t.Errorf("there were %d goroutines, there are %d", goroutines, laterGoroutines)
		}
		p.child()
		p.signals <- syscall.SIGTERM
		if code := p.exit(time.Minute); code != 0 {
			t.Errorf("exit code %d", code)
		}
		p.nothingLeft()
	})
}
