package actions

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/state"
)

// Before 25.0 an engine makes two networks of one name when both are asked for
// at once, as by a foster that dies in the middle of its call and the next one.
// From then on the name is refused wherever it is used.

// VerbNetworkList is the search for networks of one name.
const VerbNetworkList Verb = "list networks"

// unite leaves one of several networks of the project with this name: the one
// that is in use, else the oldest. When one of them is somebody else's none is
// touched.
func (r *Runner) unite(ctx context.Context, name string) error {
	doing := fmt.Sprintf("find the networks called %q", name)
	list, err := get(ctx, VerbNetworkList, inspectTimeout, func(ctx context.Context) ([]network.Summary, error) {
		return r.cfg.Engine.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("name", name))})
	})
	if err != nil {
		return fail(VerbNetworkList, doing, err)
	}
	var twins []network.Inspect
	for _, n := range list {
		if n.Name != name {
			continue // the filter takes a part of a name
		}
		if !r.owns(n.Labels) {
			return classified(state.Foreign, hintTwins, "several networks are called %q, and one of them (%s) is %s", name, short(n.ID), notOurs(n.Labels))
		}
		full, err := get(ctx, VerbNetworkLook, inspectTimeout, func(ctx context.Context) (network.Inspect, error) {
			return r.cfg.Engine.NetworkInspect(ctx, n.ID, network.InspectOptions{})
		})
		if err != nil {
			return fail(VerbNetworkLook, doing, err)
		}
		twins = append(twins, full)
	}
	slices.SortFunc(twins, func(a, b network.Inspect) int {
		return cmp.Or(cmp.Compare(len(b.Containers), len(a.Containers)), a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	for _, n := range twins[min(1, len(twins)):] {
		r.cfg.Log.Warn().Str(state.KeyNetwork, name).Str("id", short(n.ID)).Msg("there are two networks of this name, both of this project: removing one")
		err := attempt(ctx, VerbNetworkRemove, networkTimeout, func(ctx context.Context) error {
			return r.cfg.Engine.NetworkRemove(ctx, n.ID)
		})
		if err != nil && Classify(VerbNetworkRemove, err) != state.Gone {
			return fail(VerbNetworkRemove, fmt.Sprintf("remove the second network called %q (%s)", name, short(n.ID)), err)
		}
	}
	return nil
}

// untwined sees to the child's networks when err says that one has a namesake.
// The next try finds what it left.
func (r *Runner) untwined(ctx context.Context, v Verb, c *spec.Child, err error) error {
	if err == nil || !isTwins(v, err) {
		return err
	}
	for _, ep := range c.Endpoints {
		if n := r.networks[ep.Network]; n == nil || n.External {
			continue
		}
		if uniteErr := r.unite(ctx, ep.Network); uniteErr != nil {
			r.cfg.Log.Warn().Str(state.KeyNetwork, ep.Network).Str("error", detail(uniteErr)).Msg("two networks of one name")
		}
	}
	return err
}

func isTwins(v Verb, err error) bool {
	_, hint, _ := judge(v, err)
	return hint == hintTwins
}
