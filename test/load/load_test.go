package main

import (
	"context"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if host := os.Getenv(drainVariable); host != "" {
		os.Exit(drain(context.Background(), host))
	}
	goleak.VerifyTestMain(m)
}

// TestFlood is the flood for five seconds. With -race the reader beside foster,
// which is this program, is several times as slow as it would be.
func TestFlood(t *testing.T) {
	l := load{during: 5 * time.Second, perSecond: 5000, faults: 4, say: t.Logf}
	if err := l.run(t.Context(), "flood"); err != nil {
		t.Fatal(err)
	}
}
