package actions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/state"
)

// ensureNetwork returns the ID of a network of the project; it is created
// unless it is there.
func (r *Runner) ensureNetwork(ctx context.Context, name string) (string, error) {
	want, ok := r.networks[name]
	if !ok {
		return "", classified(state.Permanent, "this is a defect of foster", "network %q is not one of the project's", name)
	}
	doing := fmt.Sprintf("create network %q", name)
	got, found, err := r.lookUpNetwork(ctx, name)
	if err != nil {
		return "", fail(VerbNetworkLook, doing, err)
	}
	if !found && want.External {
		return "", classified(state.NoNetwork, "somebody else makes it", "network %q is external and not there", name)
	}
	if !found {
		options, err := clone(&want.Options)
		if err != nil {
			return "", &opError{class: state.Permanent, doing: doing, err: err}
		}
		made, err := get(ctx, VerbNetworkCreate, networkTimeout, func(ctx context.Context) (network.CreateResponse, error) {
			return r.cfg.Engine.NetworkCreate(ctx, name, *options)
		})
		if err == nil {
			said := slices.DeleteFunc([]string{made.Warning}, func(w string) bool { return w == "" })
			for i, level := range r.warned.levels("network "+name, said) {
				r.cfg.Log.WithLevel(level).Str(state.KeyNetwork, name).Str("warning", said[i]).Msg("the engine warns")
			}
			return made.ID, nil
		}
		if !errdefs.IsConflict(err) && Classify(VerbNetworkCreate, err) != state.Exists {
			return "", fail(VerbNetworkCreate, doing, err)
		}
		// Somebody was faster, or our own call was carried out although its
		// answer was lost.
		taken := err
		if got, found, err = r.lookUpNetwork(ctx, name); err != nil {
			return "", fail(VerbNetworkLook, doing, err)
		}
		if !found {
			// In a swarm a name stays taken while a last user is dying.
			return "", &opError{class: state.Transient, doing: doing, err: taken}
		}
	}
	if !want.External && !r.owns(got.Labels) {
		return "", classified(state.Foreign, "declare it external with LAUNCH_EXT_NETWORKS, or remove it",
			"network %q is there (%s) and %s", name, short(got.ID), notOurs(got.Labels))
	}
	return got.ID, nil
}

// removeNetwork removes a network of the project; one that is not there is success.
func (r *Runner) removeNetwork(ctx context.Context, name string) error {
	doing := fmt.Sprintf("remove network %q", name)
	got, found, err := r.lookUpNetwork(ctx, name)
	switch {
	case isForeign(err): // one of several
		return r.removeBesideStrangers(ctx, name)
	case err != nil:
		return fail(VerbNetworkLook, doing, err)
	case !found:
		return nil
	case !r.owns(got.Labels):
		return classified(state.Foreign, "it is left alone", "network %q is %s", name, notOurs(got.Labels))
	}
	return r.removeNetworkByID(ctx, doing, got.ID)
}

// removeNetworkByID removes the network that was just looked up: its name could
// mean another one by now.
func (r *Runner) removeNetworkByID(ctx context.Context, doing, id string) error {
	err := attempt(ctx, VerbNetworkRemove, networkTimeout, func(ctx context.Context) error {
		return r.cfg.Engine.NetworkRemove(ctx, id)
	})
	if err == nil || errdefs.IsNotFound(err) {
		return nil
	}
	if Classify(VerbNetworkRemove, err) == state.Canceled {
		return fail(VerbNetworkRemove, doing, err)
	}
	if now, lookErr := r.inspectNetwork(ctx, id); lookErr == nil && len(now.Containers) > 0 {
		return &opError{class: state.Transient, doing: doing, err: err, hint: "in use by " + strings.Join(users(now), ", ")}
	}
	// Permanent would say that the configuration can be mended; here it cannot.
	return &opError{class: state.Transient, doing: doing, err: err}
}

// lookUpNetwork finds a network by its exact name: the engine also takes the
// beginning of an ID for one.
func (r *Runner) lookUpNetwork(ctx context.Context, name string) (network.Inspect, bool, error) {
	got, err := r.inspectNetwork(ctx, name)
	if err != nil && isTwins(VerbNetworkLook, err) {
		if _, err := r.unite(ctx, name); err != nil {
			return network.Inspect{}, false, err
		}
		got, err = r.inspectNetwork(ctx, name)
	}
	if errdefs.IsNotFound(err) || isIDPrefix(err) {
		return network.Inspect{}, false, nil
	}
	return got, err == nil && got.Name == name, err
}

func (r *Runner) inspectNetwork(ctx context.Context, ref string) (network.Inspect, error) {
	return get(ctx, VerbNetworkLook, inspectTimeout, func(ctx context.Context) (network.Inspect, error) {
		return r.cfg.Engine.NetworkInspect(ctx, ref, network.InspectOptions{})
	})
}

func (r *Runner) owns(labels map[string]string) bool {
	return labels[spec.LabelProject] == r.cfg.Project.Name
}

func notOurs(labels map[string]string) string {
	switch {
	case labels[spec.LabelProject] != "":
		return "project " + labels[spec.LabelProject] + "'s, not this one's"
	case labels[labelCompose] != "":
		return "Compose project " + labels[labelCompose] + "'s, not foster's"
	}
	return "not this project's"
}

// users names the containers on a network, sorted.
func users(n network.Inspect) []string {
	names := make([]string, 0, len(n.Containers))
	for _, id := range slices.Sorted(maps.Keys(n.Containers)) {
		if name := n.Containers[id].Name; name != "" {
			names = append(names, name)
		} else {
			names = append(names, short(id))
		}
	}
	slices.Sort(names)
	return names
}
