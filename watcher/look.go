package watcher

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"foster/state"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
)

// look is one answer in the making. Its calls share the watcher's pool.
type look struct {
	*Watcher
	holders holders
}

// look carries out a request. Whatever goes wrong, other than that something
// is not there, makes the whole answer fail: half an answer would be read as
// the loss of the other half.
func (w *Watcher) look(ctx context.Context, req state.Observe) state.Event {
	l := &look{Watcher: w, holders: holders{of: map[string]*holder{}}}
	at := time.Now().Round(0).UTC() // comparable with the engine's stamps
	answer := state.Observed{Op: req.Op, Child: req.Child, At: at}
	var err error
	switch {
	case req.Child == "":
		err = l.project(ctx, &answer)
	case req.ID != "":
		answer.Children, err = l.container(ctx, req.Child, req.ID)
	default:
		answer.Children, err = l.children(ctx, req.Child)
	}
	if err != nil {
		return state.ObserveFailed{Op: req.Op, Child: req.Child, Detail: err.Error()}
	}
	return answer
}

// container is the look at one known container. When it is gone, another
// container of the child may have taken its place.
func (l *look) container(ctx context.Context, child, id string) ([]state.ChildFacts, error) {
	l.known.add(id)
	l.vouched.add(id)
	facts, _, err := l.child(ctx, id)
	if err != nil || facts != nil {
		return one(facts), err
	}
	return l.children(ctx, child)
}

func one(facts *state.ChildFacts) []state.ChildFacts {
	if facts == nil {
		return nil
	}
	return []state.ChildFacts{*facts}
}

// children is the look at all containers of one child, or of the project when
// child is "".
func (l *look) children(ctx context.Context, child string) ([]state.ChildFacts, error) {
	before := l.known.all()
	labels := filters.NewArgs(filters.Arg("label", labelProject+"="+l.cfg.Project))
	if child != "" {
		labels.Add("label", labelChild+"="+child)
	}
	list, err := call(ctx, l.Watcher, func(ctx context.Context) ([]container.Summary, error) {
		return l.cfg.Engine.ContainerList(ctx, container.ListOptions{All: true, Filters: labels})
	})
	if err != nil {
		return nil, fmt.Errorf("list containers of project %q: %w", l.cfg.Project, err)
	}
	found := map[string]struct{}{}
	for _, c := range list {
		found[c.ID] = struct{}{}
		l.known.add(c.ID)
	}
	if child == "" {
		l.known.forget(before, found)
		l.vouched.keep(found)
	}
	all := make([]*state.ChildFacts, len(list))
	copied := make([]bool, len(list))
	err = parallel(len(list), func(i int) (err error) {
		all[i], copied[i], err = l.child(ctx, list[i].ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := withoutCopies(all, copied)
	slices.SortFunc(out, func(a, b state.ChildFacts) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// child inspects one container; nil means that it is gone or not the project's.
// copied: it is not either, but it has the child's place.
func (l *look) child(ctx context.Context, id string) (facts *state.ChildFacts, copied bool, err error) {
	c, err := l.inspect(ctx, id)
	if err != nil {
		if errdefs.IsNotFound(err) {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("inspect container %s: %w", short(id), err)
	}
	if c.ContainerJSONBase == nil || c.Config == nil || c.Config.Labels[labelProject] != l.cfg.Project {
		return nil, false, nil
	}
	ours, holder := l.standing(c)
	if !ours && holder == "" {
		return nil, false, nil
	}
	made := childFacts(c, l.cfg.Whole)
	if made.Holder = holder; !ours {
		return &made, true, nil
	}
	made.Holder, err = l.holder(ctx, c.Config.Labels[labelParent])
	if err != nil {
		return nil, false, fmt.Errorf("inspect parent of container %s: %w", short(id), err)
	}
	if made.Unfinished, err = l.unfinished(ctx, made); err != nil {
		return nil, false, err
	}
	return &made, false, nil
}

// project is the look at everything: children, networks, followed parent,
// owners, and other fosters.
func (l *look) project(ctx context.Context, answer *state.Observed) error {
	names := slices.Sorted(slices.Values(l.cfg.Networks))
	owners := slices.Sorted(slices.Values(l.cfg.Owners))
	answer.Networks = make([]state.NetworkFacts, len(names))
	answer.Owners = make([]state.OwnerFacts, len(owners))
	l.known.forgetHolders()
	var others []launcher
	err := parallel(3+len(names)+len(owners), func(i int) (err error) {
		switch network, owner := i-3, i-3-len(names); {
		case i == 0:
			answer.Children, err = l.children(ctx, "")
		case i == 1:
			answer.ParentUp, answer.ParentStart, err = l.parent(ctx)
		case i == 2:
			others, err = l.launchers(ctx)
		case owner < 0:
			answer.Networks[network], err = l.network(ctx, names[network])
		default:
			answer.Owners[owner], err = l.owner(ctx, owners[owner])
		}
		return err
	})
	if err == nil {
		answer.Elder, err = l.elder(ctx, others, l.holders.living())
	}
	return err
}

// network looks for a network of exactly this name: the engine also takes a
// name for the beginning of an ID, of several IDs even. Several of one name are
// refused as ambiguous, which is presence.
func (l *look) network(ctx context.Context, name string) (state.NetworkFacts, error) {
	got, err := call(ctx, l.Watcher, func(ctx context.Context) (network.Inspect, error) {
		return l.cfg.Engine.NetworkInspect(ctx, name, network.InspectOptions{})
	})
	facts := state.NetworkFacts{Name: name}
	switch {
	case err == nil:
		facts.Present = got.Name == name
	case errdefs.IsInvalidArgument(err):
		facts.Present = !strings.Contains(err.Error(), "matches found based on ID prefix")
	case !errdefs.IsNotFound(err):
		return facts, fmt.Errorf("inspect network %q: %w", name, err)
	}
	return facts, nil
}

// parent says whether the followed container runs, and since when; without one,
// since when foster's own does.
func (l *look) parent(ctx context.Context) (up bool, start time.Time, err error) {
	ref := cmp.Or(l.cfg.Parent, l.cfg.Self)
	if ref == "" {
		return true, time.Time{}, nil
	}
	up = l.cfg.Parent == ""
	c, err := l.inspect(ctx, ref)
	if errdefs.IsNotFound(err) {
		return up, time.Time{}, nil
	}
	if err != nil {
		return up, time.Time{}, fmt.Errorf("inspect the parent, container %q: %w", ref, err)
	}
	if c.ContainerJSONBase == nil || c.State == nil {
		return up, time.Time{}, nil
	}
	if l.cfg.Parent != "" {
		l.known.setParent(c.ID)
	}
	return up || c.State.Running, timeOf(c.State.StartedAt), nil
}

// inspect asks for one container.
func (l *look) inspect(ctx context.Context, ref string) (container.InspectResponse, error) {
	return call(ctx, l.Watcher, func(ctx context.Context) (container.InspectResponse, error) {
		return l.cfg.Engine.ContainerInspect(ctx, ref)
	})
}

// slowCall is how long a call counts in the pool. An inspect waits while the
// engine starts the container, which for an overlay whose managers are away
// takes 20 s: it must not hold back the looks at others.
const slowCall = time.Second

// call makes one call with a deadline, when the pool has room for it.
func call[T any](ctx context.Context, w *Watcher, make func(context.Context) (T, error)) (T, error) {
	select {
	case w.slots <- struct{}{}:
		free := sync.OnceFunc(func() { <-w.slots })
		defer free()
		late := time.AfterFunc(slowCall, free)
		defer late.Stop()
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	return make(ctx)
}

// parallel does n things at once and returns the first error in their order.
func parallel(n int, do func(i int) error) error {
	errs := make([]error, n)
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { errs[i] = do(i) })
	}
	running.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// short is an ID as people know it.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return strings.TrimPrefix(id, "/")
}
