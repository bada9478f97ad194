package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestCrashTwice: the next foster wants another edition of the project, and dies
// as well, at each point of its way there; the third one brings it home.
func TestCrashTwice(t *testing.T) {
	for _, name := range []string{"one: killed", "several: killed", "several: stop"} {
		t.Run(name, func(t *testing.T) {
			c := storyCalled(t, name)
			began, deaths, played := time.Now(), 0, 0
			points := c.rehearse(t)
			const sample, most = 2, 12
			for i := range sample {
				first := points[(2*i+1)*len(points)/(2*sample)]
				var seconds []point
				if !c.twice(t, first, point{}, i, &seconds) {
					continue // this time it did not come to that point
				}
				for k := 0; k < len(seconds); k += 1 + len(seconds)/most {
					if t.Failed() {
						return
					}
					if c.twice(t, first, seconds[k], played, nil) {
						deaths++
					}
					played++
				}
			}
			if t.Logf("%d second deaths, %s", deaths, time.Since(began).Round(time.Millisecond)); deaths < 10 {
				t.Error("these are too few to say anything")
			}
		})
	}
}

// storyCalled is one of crashStories.
func storyCalled(t *testing.T, name string) crashStory {
	t.Helper()
	i := slices.IndexFunc(crashStories, func(c crashStory) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no story %q", name)
	}
	return crashStories[i]
}

// twice plays two deaths; k makes the circumstances different. With a zero second one it lists the points that there
// are for it. It reports whether both of them came about.
func (c crashStory) twice(t *testing.T, first, second point, k int, points *[]point) (met bool) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, []string{"20.10", "28.0"}[k%2], c.cast(t))
		s.inside = k/2%2 == 1
		lives := []*life{newLife(), newLife(), newLife()}
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("deaths at %s and at %s; the logs:\n%s\n\n%s\n\n%s", first, second, lives[0].out.String(), lives[1].out.String(), lives[2].out.String())
			}
		})
		edited := s.cast.edited()
		c.begin(s, lives[0], first)
		if c.outlived(s, lives[0]) {
			return
		}
		lives[1].arm(second)
		s.succeed(lives[0], lives[1], edited, k)
		last := lives[1]
		select {
		case <-lives[1].died:
			s.exited(lives[1], time.Minute)
			s.succeed(lives[1], lives[2], edited, k)
			last, met = lives[2], true
		case <-time.After(30 * time.Second):
		}
		s.awaitWhole(last)
		passed := last.disarm()
		if points != nil {
			*points, met = passed, true
		}
		for child := range s.cast.runs {
			if got := s.edition(child); got != "" && got != "2" {
				t.Errorf("%s is edition %s", child, got)
			}
		}
		s.stop(last)
	})
	return met
}
