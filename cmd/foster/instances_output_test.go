package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
	"foster/test/engine"
)

// TestOutputIsHandedOver: a child that outlives two fosters speaks all the time.
// Each line comes out of the one who had it then, and of nobody else, whether
// the containers of those that ended are still there or not.
func TestOutputIsHandedOver(t *testing.T) {
	for _, kept := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, "28.0", one())
			// One of the same project that has ended long before.
			long, err := s.Run(engine.Container{Name: "task-0", Config: &container.Config{
				Image: "foster:1", Labels: map[string]string{spec.LabelLauncher: "true"}, Env: s.cast.environ,
			}})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Kill(long); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			all := threeFosters(t, s)
			child := s.of("web")[0].ID
			for i, l := range all {
				var want, got []string
				for n := range 100 {
					want = append(want, fmt.Sprintf("foster %d, line %d\n", i+1, n))
					if err := s.Print(child, 1, want[n]); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
				}
				for line := range strings.Lines(l.out.String()) {
					if strings.HasPrefix(line, "foster ") {
						got = append(got, line)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("kept %t: foster %d has relayed %d lines, want %d: %.200s", kept, i+1, len(got), len(want), got)
				}
				if i == len(all)-1 {
					break
				}
				if die := l.withIt; !kept {
					l.withIt = func() {
						die()
						_ = s.Destroy(fmt.Sprintf("task-%d", i+1)) // docker run --rm; it is seen below
					}
				}
				l.kill()
			}
			if left := len(s.of("web")); left != 1 || s.of("web")[0].ID != child {
				t.Fatalf("the child did not live on: there are %d", left)
			}
			s.stop(all[2])
		})
	}
}

// TestPrecedes: which containers may have had a foster of the same project.
func TestPrecedes(t *testing.T) {
	task := func(service, name, node string, env ...string) container.InspectResponse {
		return container.InspectResponse{
			ContainerJSONBase: &container.ContainerJSONBase{ID: name, Name: "/" + name},
			Config: &container.Config{Env: env, Labels: map[string]string{
				"com.docker.swarm.service.name": service, "com.docker.swarm.task.name": name, "com.docker.swarm.node.id": node,
			}},
		}
	}
	foster := func(c container.InspectResponse) container.InspectResponse {
		c.Config.Labels[spec.LabelLauncher] = "true"
		return c
	}
	second := spec.Identity{ServiceName: "a", TaskName: "a.2.self"}
	global := spec.Identity{ServiceName: "a", TaskName: "a.n1.self", NodeID: "n1"}
	plain := spec.Identity{ContainerName: "a"}
	named := []string{"LAUNCH_PROJECT_NAME=p"}
	for _, c := range []struct {
		name    string
		project string
		self    spec.Identity
		environ []string
		other   container.InspectResponse
		want    bool
	}{
		{"the slot's task", "a-2", second, nil, foster(task("a", "a.2.x", "n1")), true},
		{"the slot's task, of another image", "a-2", second, nil, task("a", "a.2.x", "n1"), true},
		{"the slot's task, of another environment", "filed", second, nil, foster(task("a", "a.2.x", "n1", "A=1")), true},
		{"another slot's task", "a-2", second, nil, foster(task("a", "a.3.x", "n1")), false},
		{"another slot's task with the project's name", "p", second, named, foster(task("a", "a.3.x", "n1", named...)), true},
		{"another service's task", "a-2", second, nil, foster(task("b", "b.2.x", "n1")), false},
		{"a global service's task", "a", global, nil, foster(task("a", "a.n1.x", "n1")), true},
		{"outside of Swarm, with the project's name", "p", plain, named, foster(task("", "", "", named...)), true},
		{"outside of Swarm, no foster", "p", plain, named, task("", "", "", named...), false},
	} {
		if got := precedes(c.project, c.self, c.environ)(c.other); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
