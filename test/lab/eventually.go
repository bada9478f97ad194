package lab

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// Eventually calls check until it returns nil, about a hundred times a second, and fails the test at once when that has not
// happened within timeout. The failure says what was awaited, for how long, and what check said last:
//
//	lab.Eventually(t, 5*time.Second, "the child runs again", func() error { … })
func Eventually(t testing.TB, timeout time.Duration, what string, check func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), timeout, fmt.Errorf("not within %s", timeout))
	defer cancel()
	if err := poll(ctx, what, check); err != nil {
		t.Fatal(err)
	}
}
