package actions

import (
	"context"
	"fmt"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"foster/spec"
	"foster/state"
)

// imageIDs remembers, by child, the ID of the image that was last seen.
type imageIDs struct {
	mu  sync.Mutex
	ids map[string]string
}

func (m *imageIDs) get(child string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := m.ids[child]
	return id, ok
}

func (m *imageIDs) set(child, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ids == nil {
		m.ids = map[string]string{}
	}
	m.ids[child] = id
}

func (m *imageIDs) forget(child string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.ids, child)
}

// prepare makes a child's image and named volumes present.
func (r *Runner) prepare(ctx context.Context, c *spec.Child, fresh bool) error {
	if err := r.ensureImage(ctx, c, fresh); err != nil {
		return err
	}
	return r.ensureVolumes(ctx, c)
}

// ensureImage makes the image present, and asks the registry for a newer one
// when both fresh and the child's policy say so. An image that is there is good
// enough when the registry cannot be asked.
func (r *Runner) ensureImage(ctx context.Context, c *spec.Child, fresh bool) error {
	_, lookErr := r.lookUpImage(ctx, c)
	here := lookErr == nil
	if !here && Classify(VerbInspectImage, lookErr) != state.NoImage {
		return lookErr
	}
	switch {
	case here && !(fresh && c.Pull == spec.PullAlways):
		return nil
	case !here && c.Pull == spec.PullNever:
		return classified(state.Permanent, "pull it by hand, or set LAUNCH_PULL", "image %q is not on the engine, and the pull policy is never", c.Image)
	}
	if err := r.pull(ctx, c); err != nil {
		if here && Classify(VerbPull, err) == state.Transient {
			r.cfg.Log.Warn().Str("child", c.Name).Str("image", c.Image).Str("error", detail(err)).Msg("pull failed: going on with the image that is here")
			return nil
		}
		return err
	}
	_, err := r.lookUpImage(ctx, c)
	if Classify(VerbInspectImage, err) != state.NoImage {
		return err
	}
	if errdefs.IsNotFound(err) {
		// Somebody removed it, or the engine went away while it pulled.
		return &opError{class: state.Transient, doing: fmt.Sprintf("pull image %q: it is not there afterwards", c.Image), err: err}
	}
	return &opError{class: state.Permanent, doing: fmt.Sprintf("pull image %q", c.Image), err: err, hint: "the image is not made for this platform"}
}

// lookUpImage returns the ID of the child's image and remembers it. An image
// for another platform than the child's is none.
func (r *Runner) lookUpImage(ctx context.Context, c *spec.Child) (string, error) {
	doing := fmt.Sprintf("look for image %q", c.Image)
	got, err := get(ctx, VerbInspectImage, inspectTimeout, func(ctx context.Context) (image.InspectResponse, error) {
		return r.cfg.Engine.ImageInspect(ctx, c.Image)
	})
	if err != nil {
		r.images.forget(c.Name)
		return "", fail(VerbInspectImage, doing, err)
	}
	if !runsOn(got, c.Platform) {
		r.images.forget(c.Name)
		return "", classified(state.NoImage, "", "%s: the one on the engine is for %s/%s", doing, got.Os, got.Architecture)
	}
	r.images.set(c.Name, got.ID)
	return got.ID, nil
}

// runsOn tells whether an image is for the wanted platform. What one of the two
// does not say does not matter.
func runsOn(img image.InspectResponse, want *ocispec.Platform) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return want == nil || same(img.Os, want.OS) && same(img.Architecture, want.Architecture) && same(img.Variant, want.Variant)
}
