package e2e

import (
	"context"
	"slices"
	"testing"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"
)

// volumes are those with a project's label, by their keys in its file.
func (s *stack) volumes(ctx context.Context, project string) (map[string]string, error) {
	list, err := s.Client().VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+project))})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, v := range list.Volumes {
		names[v.Labels["com.docker.compose.volume"]] = v.Name
	}
	return names, nil
}

// volumesLeft fails the test unless these named volumes of the project have outlived it.
func (s *stack) volumesLeft(want ...string) {
	s.t.Helper()
	names, err := s.volumes(s.t.Context(), s.project)
	var got []string
	for key, name := range names {
		got = append(got, key)
		if name != s.project+"_"+key {
			s.t.Errorf("volume %s is called %s", key, name)
		}
	}
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		s.t.Errorf("the volumes %q are left, want %q (%v)", got, want, err)
	}
}

// removeVolumes removes a project's named volumes, which nobody but the operator does.
func (s *stack) removeVolumes(project string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	names, err := s.volumes(ctx, project)
	if err != nil {
		s.t.Error(err)
	}
	for _, name := range names {
		if err := s.Client().VolumeRemove(ctx, name, false); err != nil {
			s.t.Error(err)
		}
	}
}

// newVolumeStack begins a test of an example whose project has named volumes,
// which stay after its end: the test's own end removes them. build makes its images.
func newVolumeStack(t *testing.T, build func(*stack, context.Context) error) *stack {
	t.Helper()
	var s *stack
	var project string
	// Registered first, so that it comes after the stack's own end.
	t.Cleanup(func() {
		if s != nil {
			s.removeVolumes(project)
		}
	})
	s = newStack(t, "")
	s.launcher("runners")
	project = s.project
	if err := build(s, t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
