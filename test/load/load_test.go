package main

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestFlood is the flood for five seconds.
func TestFlood(t *testing.T) {
	l := load{during: 5 * time.Second, perSecond: 5000, faults: 4, say: t.Logf}
	if err := l.run(t.Context(), "flood"); err != nil {
		t.Fatal(err)
	}
}
