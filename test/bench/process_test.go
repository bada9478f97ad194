package main

import (
	"testing"
	"time"
)

func TestProcessTime(t *testing.T) {
	got, err := processTime("42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 123 45 6 7 20 0 9 0 1000 0 0\n")
	if err != nil || got != 1680*time.Millisecond {
		t.Errorf("%s, %v", got, err)
	}
	for _, stat := range []string{"", "42 (a) S 1", "42 (a) S 1 42 42 0 -1 4194560 100 0 0 0 much 45 6"} {
		if got, err := processTime(stat); err == nil {
			t.Errorf("%q: %s", stat, got)
		}
	}
}
