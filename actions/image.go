package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/go-units"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rs/zerolog"

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

// wanted is an image that a child is made from, or mounts.
type wanted struct {
	child, ref string
	platform   *ocispec.Platform // nil: the engine's own
}

// pull names what a pull of it would fetch.
func (w wanted) pull() string { return "pull " + w.ref + " " + platformText(w.platform) }

// prepare makes a child's images and named volumes present.
func (r *Runner) prepare(ctx context.Context, c *spec.Child, fresh bool) error {
	if err := r.ensureImage(ctx, c, fresh); err != nil {
		return err
	}
	if err := r.ensureMounted(ctx, c); err != nil {
		return err
	}
	return r.ensureVolumes(ctx, c)
}

// ensureImage makes the image present, and asks the registry for a newer one
// when both fresh and the child's policy say so. An image that is there is good
// enough when the registry cannot be asked.
func (r *Runner) ensureImage(ctx context.Context, c *spec.Child, fresh bool) error {
	want := wanted{child: c.Name, ref: c.Image, platform: c.Platform}
	here, err := r.findImage(ctx, want)
	switch {
	case noImage(err) && c.Pull == spec.PullNever:
		return neverPulled(want, err)
	case noImage(err):
		here, err = r.fetch(ctx, want, nil)
	case err == nil && fresh && due(c, here):
		here, err = r.fetch(ctx, want, &here)
	}
	if err != nil {
		r.images.forget(c.Name)
		return err
	}
	r.images.set(c.Name, here.ID)
	return nil
}

// ensureMounted makes the images of the child's image mounts present. No policy
// is for them: they are fetched when they are missing, as Compose does it.
func (r *Runner) ensureMounted(ctx context.Context, c *spec.Child) error {
	if c.Host == nil {
		return nil
	}
	for _, m := range c.Host.Mounts {
		if m.Type != mount.TypeImage {
			continue
		}
		want := wanted{child: c.Name, ref: m.Source}
		_, err := r.findImage(ctx, want)
		if noImage(err) {
			_, err = r.fetch(ctx, want, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// due: at a launch, the policy wants the registry asked although the image is here.
func due(c *spec.Child, here image.InspectResponse) bool {
	switch c.Pull {
	case spec.PullAlways:
		return true
	case spec.PullRefresh:
		return time.Now().After(here.Metadata.LastTagTime.Add(c.PullEvery))
	}
	return false
}

func neverPulled(want wanted, err error) error {
	e := &opError{
		class: state.Permanent,
		doing: fmt.Sprintf("image %q is not on the engine, and the pull policy is never", want.ref),
		hint:  "docker pull it on this node, or set LAUNCH_PULL or pull_policy to missing",
	}
	if !errdefs.IsNotFound(err) {
		e.err = err // one for another platform is
	}
	return e
}

// fetch pulls an image and looks at what came. Of children that want the same
// image one pulls, the others wait and find it. here is the image to go on with
// when the registry cannot be asked; nil: there is none.
func (r *Runner) fetch(ctx context.Context, want wanted, here *image.InspectResponse) (image.InspectResponse, error) {
	waited, release, err := r.fetching.take(ctx, want.pull())
	if err != nil {
		return image.InspectResponse{}, err
	}
	defer release()
	if waited && here == nil {
		if got, err := r.findImage(ctx, want); !noImage(err) {
			return got, err
		}
	}
	began := time.Now()
	log := r.cfg.Log.With().Str(state.KeyChild, want.child).Str("image", want.ref).Logger()
	if err := r.pull(ctx, want, log); err != nil {
		class, level := Classify(VerbPull, err), zerolog.DebugLevel
		if class != state.Canceled {
			level = r.failures.level(want.pull())
		}
		if here != nil && class == state.Transient {
			log.WithLevel(level).Str("error", detail(err)).Msg("pull failed: going on with the image that is here")
			return *here, nil
		}
		return image.InspectResponse{}, err
	}
	got, err := r.findImage(ctx, want)
	switch doing := fmt.Sprintf("pull image %q", want.ref); {
	case err == nil:
		told := log.Info().Dur("took", time.Since(began)).Str("size", units.HumanSize(float64(got.Size)))
		if n := r.failures.over(want.pull()); n > 0 {
			told.Int(state.KeyAttempt, n)
		}
		told.Msg("pulled")
	case noImage(err) && errdefs.IsNotFound(err):
		// Somebody removed it, or the engine went away while it pulled.
		err = &opError{class: state.Transient, doing: doing + ": it is not there afterwards", err: err}
	case noImage(err):
		err = &opError{class: state.Permanent, doing: doing, err: err, hint: "the image is not made for this platform"}
	}
	return got, err
}

// noImage: the engine has no such image, or none for the wanted platform.
func noImage(err error) bool {
	return err != nil && Classify(VerbInspectImage, err) == state.NoImage
}

// lookUpImage returns the ID of the child's image and remembers it.
func (r *Runner) lookUpImage(ctx context.Context, c *spec.Child) (string, error) {
	got, err := r.findImage(ctx, wanted{child: c.Name, ref: c.Image, platform: c.Platform})
	if err != nil {
		r.images.forget(c.Name)
		return "", err
	}
	r.images.set(c.Name, got.ID)
	return got.ID, nil
}

// findImage asks the engine for an image. One for another platform than the
// wanted is none; one with another digest is an error.
func (r *Runner) findImage(ctx context.Context, want wanted) (image.InspectResponse, error) {
	doing := fmt.Sprintf("look for image %q", want.ref)
	got, err := get(ctx, VerbInspectImage, inspectTimeout, func(ctx context.Context) (image.InspectResponse, error) {
		return r.cfg.Engine.ImageInspect(ctx, want.ref)
	})
	if err != nil {
		return got, fail(VerbInspectImage, doing, err)
	}
	if !runsOn(got, want.platform) {
		return got, classified(state.NoImage, "", "%s: the one on the engine is for %s/%s", doing, got.Os, got.Architecture)
	}
	return got, checkDigest(want.ref, got)
}

// checkDigest compares the digest in a reference with those that the engine
// knows the image by. A reference without one is fine.
func checkDigest(ref string, got image.InspectResponse) error {
	named, err := reference.ParseNormalizedNamed(ref)
	digested, ok := named.(reference.Digested)
	if err != nil || !ok {
		return nil // the engine has read it, whatever it is
	}
	want := digested.Digest().String()
	var has []string
	for _, name := range got.RepoDigests {
		_, digest, _ := strings.Cut(name, "@")
		if digest == want {
			return nil
		}
		has = append(has, digest)
	}
	if len(has) == 0 {
		has = []string{"none"}
	}
	slices.Sort(has)
	return classified(state.Permanent, "docker rmi what is there, or mend the digest in LAUNCH_IMAGE or the service's image",
		"digest mismatch: image %q is to have digest %s, the engine's has %s", ref, want, strings.Join(slices.Compact(has), ", "))
}

// runsOn tells whether an image is for the wanted platform. What one of the two
// does not say does not matter.
func runsOn(img image.InspectResponse, want *ocispec.Platform) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return want == nil || same(img.Os, want.OS) && same(img.Architecture, want.Architecture) && same(img.Variant, want.Variant)
}
