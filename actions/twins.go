package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
// touched. It returns how many were removed.
func (r *Runner) unite(ctx context.Context, name string) (removed int, err error) {
	doing := fmt.Sprintf("find the networks called %q", name)
	list, err := r.namesakes(ctx, name)
	if err != nil {
		return removed, fail(VerbNetworkList, doing, err)
	}
	var twins []network.Inspect
	for _, n := range list {
		if !r.owns(n.Labels) {
			return 0, classified(state.Foreign, hintTwins, "several networks are called %q, and one of them (%s) is %s", name, short(n.ID), notOurs(n.Labels))
		}
		full, err := r.inspectNetwork(ctx, n.ID)
		if err != nil {
			return removed, fail(VerbNetworkLook, doing, err)
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
			return removed, fail(VerbNetworkRemove, fmt.Sprintf("remove the second network called %q (%s)", name, short(n.ID)), err)
		}
		removed++
	}
	return removed, nil
}

// removeBesideStrangers removes the project's networks of this name, and leaves
// other people's alone.
func (r *Runner) removeBesideStrangers(ctx context.Context, name string) error {
	doing := fmt.Sprintf("remove network %q", name)
	list, err := r.namesakes(ctx, name)
	if err != nil {
		return fail(VerbNetworkList, doing, err)
	}
	var errs []error
	for _, n := range list {
		if r.owns(n.Labels) {
			errs = append(errs, r.removeNetworkByID(ctx, doing, n.ID))
		}
	}
	// The first: what is left is tried again as a whole.
	return cmp.Or(errs...)
}

// namesakes are the networks of exactly this name.
func (r *Runner) namesakes(ctx context.Context, name string) ([]network.Summary, error) {
	list, err := get(ctx, VerbNetworkList, inspectTimeout, func(ctx context.Context) ([]network.Summary, error) {
		return r.cfg.Engine.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("name", name))})
	})
	// The filter takes a part of a name.
	return slices.DeleteFunc(list, func(n network.Summary) bool { return n.Name != name }), err
}

// untwined sees to the child's networks when err says that one has a namesake.
// The next try finds what it left; the operator has to do something only where
// it could not.
func (r *Runner) untwined(ctx context.Context, v Verb, c *spec.Child, err error) error {
	if err == nil || !isTwins(v, err) {
		return err
	}
	removed := 0
	for _, ep := range c.Endpoints {
		if n := r.networks[ep.Network]; n == nil || n.External {
			continue
		}
		n, uniteErr := r.unite(ctx, ep.Network)
		removed += n
		if uniteErr != nil {
			r.cfg.Log.WithLevel(r.failures.level("unite "+ep.Network)).Str(state.KeyNetwork, ep.Network).Str("error", detail(uniteErr)).Msg("two networks of one name")
			return err
		}
		r.united(ep)
	}
	if removed > 0 {
		return &opError{class: state.Transient, doing: fmt.Sprintf("find the networks of child %q", c.Name), err: err, hint: "the second network of this name was removed, it is tried again"}
	}
	return err
}

// united: networks do not have namesakes any more, as far as anybody notices.
func (r *Runner) united(eps ...spec.Endpoint) {
	for _, ep := range eps {
		if n := r.failures.over("unite " + ep.Network); n > 0 {
			r.cfg.Log.Info().Str(state.KeyNetwork, ep.Network).Int(state.KeyAttempt, n).Msg("one network of this name again")
		}
	}
}

// isForeign: an error of the runner's own, about what is somebody else's.
func isForeign(err error) bool {
	e, ok := errors.AsType[*opError](err)
	return ok && e.class == state.Foreign
}

// isIDPrefix: an engine has no network of a name, but several whose IDs begin
// with it.
func isIDPrefix(err error) bool {
	return err != nil && strings.Contains(err.Error(), "matches found based on ID prefix")
}

func isTwins(v Verb, err error) bool {
	_, hint, _ := judge(v, err)
	return hint == hintTwins
}
