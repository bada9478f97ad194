package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// recordFile is where a lab keeps what another program needs to know of it.
const recordFile = "lab.json"

// record is what outlives the program that started a lab.
type record struct {
	Owner    process         `json:"owner"`    // the program whose death is the lab's death; none when the lab outlives it
	PIDSpace string          `json:"pidSpace"` // in which all pids here are to be understood
	Wire     process         `json:"wire"`
	Nodes    map[int]powered `json:"nodes"`
	Flags    []string        `json:"flags,omitempty"`
}

// powered is a node that has been switched on.
type powered struct {
	First process `json:"first"`
}

// save writes the record as a whole or not at all.
func (l *Lab) save() error {
	l.mu.Lock()
	r := record{PIDSpace: pidSpace(), Wire: l.wire, Nodes: map[int]powered{}, Flags: l.opts.DockerdFlags}
	if !l.opts.Outlive {
		r.Owner = l.owner
	}
	l.mu.Unlock()
	for _, n := range l.nodes {
		n.mu.Lock()
		r.Nodes[n.index] = powered{First: n.first}
		n.mu.Unlock()
	}
	raw, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return fmt.Errorf("record the lab: %w", err)
	}
	l.saving.Lock()
	defer l.saving.Unlock()
	path := filepath.Join(l.Dir, recordFile)
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		return fmt.Errorf("record the lab: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("record the lab: %w", err)
	}
	return nil
}

func readRecord(dir string) (record, error) {
	var r record
	raw, err := os.ReadFile(filepath.Join(dir, recordFile))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("read %s: %w", filepath.Join(dir, recordFile), err)
	}
	return r, nil
}

// alive says whether any process of the lab runs.
func (r record) alive() bool {
	up := r.Wire.alive()
	for _, n := range r.Nodes {
		up = up || n.First.alive()
	}
	return up
}

// Open returns the lab that another program started in dir with Outlive. Its nodes can be used and harmed like one's
// own; Close ends it. The error is os.ErrNotExist when there is no lab in dir.
func Open(dir string) (*Lab, error) {
	r, err := readRecord(dir)
	if err != nil {
		return nil, fmt.Errorf("open the lab in %s: %w", dir, err)
	}
	if r.PIDSpace != pidSpace() {
		return nil, fmt.Errorf("open the lab in %s: it was started in another process namespace", dir)
	}
	l := newLab(dir, Options{Nodes: len(r.Nodes), Outlive: r.Owner.PID == 0, DockerdFlags: r.Flags})
	l.owner, l.wire = r.Owner, r.Wire
	for _, n := range l.nodes {
		n.first = r.Nodes[n.index].First
		if err := n.connect(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// sweep removes what labs have left whose program was killed: their processes die with it, their directories and empty
// cgroups do not. Labs of living programs, and labs that outlive theirs, are not touched.
func sweep(ctx context.Context, pattern string) error {
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range dirs {
		r, err := readRecord(dir)
		if err != nil || r.Owner.PID == 0 || r.PIDSpace != pidSpace() || r.Owner.alive() {
			continue
		}
		// They are on their way out already; this waits.
		for _, n := range r.Nodes {
			errs = append(errs, n.First.end(ctx, cgroupParent(dir)))
		}
		errs = append(errs, r.Wire.end(ctx, ""), removeCgroups(cgroupParent(dir)), os.RemoveAll(dir))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove what earlier labs left: %w", err)
	}
	return nil
}

// pidSpace names the namespace that this program's pids belong to.
func pidSpace() string {
	name, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "unknown"
	}
	return name
}
