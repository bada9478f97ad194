package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// TestCINodeService deploys node-service.yml on two nodes: each answers on both
// ports of its own address with its own name; a fault on one is repaired there,
// and the other hears nothing of it.
func TestCINodeService(t *testing.T) {
	t.Parallel()
	var sites []*stack
	var project string
	// Registered first, so that it comes after the stack's own end.
	t.Cleanup(func() {
		for _, s := range sites {
			s.removeVolumes(project)
		}
	})
	sites = newSites(t, "node")
	project = sites[0].project
	text, err := os.ReadFile(filepath.Join(tree, "examples", "node-service.yml"))
	if err != nil {
		t.Fatal(err)
	}
	sites[0].deploy(strings.ReplaceAll(string(text), "ethereum/client-go:stable", nodeImage))

	// Behind the port of a node is that node's child alone: the name says which.
	answers := func(s *stack) map[string]string { return map[string]string{":8545/": s.Name, ":30303/": s.Name} }
	tasks, children := make([]container.InspectResponse, 2), make([]container.InspectResponse, 2)
	for i, s := range sites {
		tasks[i], children[i] = s.awaitSite(sites[1-i], answers(s), s.nodeChild)
	}
	s, other := sites[1], sites[0]
	s.docker("exec", children[1].ID, "sh", "-c", "echo kept >/root/.ethereum/chain")
	for _, fault := range [][]string{{"kill"}, {"rm", "--force"}} {
		s.docker(append(fault, children[1].ID)...)
		_, children[1] = s.awaitSite(other, answers(s), s.nodeChild, newer(children[1]))
	}
	if kept := s.docker("exec", children[1].ID, "cat", "/root/.ethereum/chain"); kept != "kept" {
		t.Errorf("the volume of %s has %q", s.Name, kept)
	}
	for i, s := range sites {
		now, err := s.Client().ContainerInspect(t.Context(), tasks[i].ID)
		if err = errors.Join(err, same(tasks[i])(now)); err != nil {
			t.Errorf("the task on %s: %v", s.Name, err)
		}
	}
	// The peers find each other on the overlay, which is not attachable.
	lab.Eventually(t, patience, "the peers' addresses", func() error {
		found, err := s.Docker(t.Context(), "exec", children[1].ID, "nslookup", "tasks.node.")
		for _, task := range tasks {
			if address := task.NetworkSettings.Networks[s.name+"_peers"].IPAddress; !strings.Contains(found, address) {
				err = errors.Join(err, fmt.Errorf("%s is not in %q", address, found))
			}
		}
		return err
	})
	other.awaitSite(s, answers(other), same(children[0]))

	sitesEnd(sites, tasks, children, "15")
	for _, s := range sites {
		s.volumesLeft("data")
		s.removeVolumes(project)
		s.awaitNothing()
	}
}

// nodeChild: it is as node-service.yml has it.
func (s *stack) nodeChild(c container.InspectResponse) error {
	var errs []error
	for what, ok := range map[string]bool{
		"name":   c.Name == "/"+s.project+"-node-1",
		"volume": len(c.Mounts) == 1 && c.Mounts[0].Name == s.project+"_data" && c.Mounts[0].Destination == "/root/.ethereum",
		"limit": slices.ContainsFunc(c.HostConfig.Ulimits, func(l *container.Ulimit) bool {
			return l.Name == "nofile" && l.Soft == 16384 && l.Hard == 16384
		}),
		"grace": c.Config.StopTimeout != nil && *c.Config.StopTimeout == 30,
	} {
		if !ok {
			errs = append(errs, errors.New("its "+what+" is not as the stack file has it"))
		}
	}
	return errors.Join(errs...)
}
