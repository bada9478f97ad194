package main

import (
	"os"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/spec"
)

func TestOwnCandidate(t *testing.T) {
	recorded, err := os.ReadFile("testdata/mountinfo-container")
	if err != nil {
		t.Fatal(err)
	}
	own := "d6476100bb63fc993a762366f916bdfb752b7a2b710c0361d8f1f1a5a08b2e89"
	other := strings.Repeat("ab", 32)
	mount := func(root, point string) string {
		return "100 99 254:0 " + root + " " + point + " rw - ext4 /dev/sda1 rw\n"
	}
	cases := []struct{ name, mounts, want string }{
		{"a container, with the host's network and other containers' files mounted", string(recorded), own},
		{"a host", mount("/", "/") + mount("/", "/proc"), ""},
		{"a host that mounts a container's file elsewhere", mount("/var/lib/docker/containers/"+other+"/hostname", "/mnt/hostname"), ""},
		{"resolv.conf alone", mount("/data/containers/"+other+"/resolv.conf", "/etc/resolv.conf"), other},
		{"a hosts file of the operator's", mount("/srv/hosts", "/etc/hosts") + mount("/var/lib/docker/containers/"+own+"/hostname", "/etc/hostname"), own},
		{"layers have IDs too", mount("/overlay2/"+other+"/diff/etc/hostname", "/etc/hostname"), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := ownCandidate(strings.NewReader(c.mounts))
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestIdentityOf(t *testing.T) {
	id := spec.IdentityOf(container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{ID: "c1", Name: "/ci_runner.2.abc"},
		Config: &container.Config{Labels: map[string]string{
			"com.docker.swarm.task.id": "abc", "com.docker.swarm.task.name": "ci_runner.2.abc",
			"com.docker.swarm.service.name": "ci_runner", "com.docker.swarm.node.id": "n1",
			"com.docker.stack.namespace": "ci",
		}},
	})
	if id.ContainerID != "c1" || id.ContainerName != "ci_runner.2.abc" || id.TaskID != "abc" || id.NodeID != "n1" {
		t.Errorf("%+v", id)
	}
	// The names that a stack's second replica gives its project and child.
	if p, c := id.ProjectName(), id.ChildName(); p != "ci_runner-2" || c != "runner" {
		t.Errorf("project %q, child %q", p, c)
	}
}

// FuzzOwnCandidate: whatever the mount table holds, an ID comes from one of
// the engine's own three files, or there is none.
func FuzzOwnCandidate(f *testing.F) {
	recorded, err := os.ReadFile("testdata/mountinfo-container")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(recorded))
	f.Add("1 2 3:4 / / rw - ext4 x rw\n")
	f.Add("100 99 254:0 /containers/" + strings.Repeat("0", 64) + "/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n")
	f.Fuzz(func(t *testing.T, mounts string) {
		id, err := ownCandidate(strings.NewReader(mounts))
		if err != nil || id == "" {
			return
		}
		if len(id) != 64 || !strings.Contains(mounts, "/containers/"+id+"/") {
			t.Errorf("%q is no container's ID of %q", id, mounts)
		}
	})
}
