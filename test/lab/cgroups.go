package lab

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const cgroupRoot = "/sys/fs/cgroup"

// cgroupParent is the cgroup below which the engines of the lab in dir keep their containers: unique by directory.
func cgroupParent(dir string) string {
	return fmt.Sprintf("/foster-lab-%08x", dirHash(dir))
}

func dirHash(dir string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(dir)) // never fails
	return h.Sum32()
}

// cgroupsOf lists the directories of a cgroup parent, in every hierarchy: /sys/fs/cgroup itself is one on cgroup v2,
// and has one directory for each on v1.
func cgroupsOf(parent string) []string {
	var found []string
	for _, pattern := range []string{cgroupRoot + parent, cgroupRoot + "/*" + parent} {
		dirs, _ := filepath.Glob(pattern) // the pattern is well formed
		found = append(found, dirs...)
	}
	slices.Sort(found)
	// cpu and cpu,cpuacct may be two names of one hierarchy.
	var distinct []string
	seen := map[string]bool{}
	for _, dir := range found {
		if real, err := filepath.EvalSymlinks(dir); err == nil && !seen[real] {
			seen[real] = true
			distinct = append(distinct, real)
		}
	}
	return distinct
}

// removeCgroups removes the empty cgroups below parent, deepest first. The kernel needs a moment after the last process
// has gone.
func removeCgroups(parent string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return Await(ctx, "removal of the cgroups "+parent, func() error {
		var errs []error
		for _, top := range cgroupsOf(parent) {
			var dirs []string
			err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
				if errors.Is(err, fs.ErrNotExist) {
					return nil
				}
				if err == nil && d.IsDir() {
					dirs = append(dirs, path)
				}
				return err
			})
			errs = append(errs, err)
			slices.Reverse(dirs)
			for _, dir := range dirs {
				if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
					errs = append(errs, err)
				}
			}
		}
		return errors.Join(errs...)
	})
}

// thaw lets paused containers go on, so that they can die: on cgroup v1 a frozen process takes no notice of SIGKILL.
// Whether it has worked shows in their end.
func thaw(parent string) {
	for _, top := range cgroupsOf(parent) {
		_ = filepath.WalkDir(top, func(path string, d fs.DirEntry, _ error) error {
			if d != nil && d.Name() == "freezer.state" {
				if state, err := os.ReadFile(path); err == nil && string(state) != "THAWED\n" {
					_ = os.WriteFile(path, []byte("THAWED"), 0)
				}
			}
			return nil
		})
	}
}
