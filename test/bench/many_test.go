package main

import (
	"strings"
	"testing"
)

func TestManyServices(t *testing.T) {
	all := manyServices(6)
	if len(all) != 30 {
		t.Fatalf("%d services, want 30", len(all))
	}
	text := document(all)
	for i, s := range all {
		if want := 2 * min(1, i/6); len(s.needs) != want {
			t.Errorf("%s needs %d, want %d", s.name, len(s.needs), want)
		}
		for _, j := range s.needs {
			if j/6 != i/6-1 {
				t.Errorf("%s needs %s, which is not of the layer before", s.name, all[j].name)
			}
		}
	}
	if want := "  s1-0:\n    image: bench/page\n    pull_policy: never\n    networks: [mesh]\n    depends_on: [s0-0, s0-1]\n"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

func TestInOrder(t *testing.T) {
	all := []service{{name: "a"}, {name: "b", needs: []int{0}}}
	if err := (times{starts: []int64{1, 2}}).inOrder(all); err != nil {
		t.Error(err)
	}
	for _, starts := range [][]int64{{2, 1}, {1, 1}} {
		if err := (times{starts: starts}).inOrder(all); err == nil {
			t.Errorf("%v is no order", starts)
		}
	}
}
