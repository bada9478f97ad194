package main

import "testing"

// TestCrashTwins: before 25.0 a network that the engine creates for a dead foster,
// after the next one has created it, is a second one of its name. The project gets
// whole with one of the two, and nothing is left of the other.
func TestCrashTwins(t *testing.T) {
	for _, name := range []string{"one: launch", "several: launch", "one: network destroyed"} {
		t.Run(name, func(t *testing.T) {
			c, twins, met := storyCalled(t, name), 0, 0
			c.after = func(s *stage) { twins += s.twins }
			for k := 0; k < 21 && !t.Failed(); k++ {
				if c.play(t, point{what: "NetworkCreate late", whom: "p_back", nth: 1}, k, "20.10") {
					met++
				}
			}
			if t.Logf("%d deaths, %d times twins", met, twins); twins == 0 {
				t.Error("there never were two networks of one name")
			}
		})
	}
}
