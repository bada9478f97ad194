package engine

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/image"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// Image is an image on the engine or in its registry.
type Image struct {
	// Config is what the image brings along: volumes, labels, health check,
	// stop signal, environment, command.
	Config dockerspec.DockerOCIImageConfig
	// Process is how containers of it behave, unless Behave says otherwise.
	Process Process
	// Digest is that of its manifest. In the registry it can be pulled by it;
	// an engine that pulled it knows it. Published by a reference with another
	// digest, it is what a registry should not serve.
	Digest string
	// LastTagTime is when it was last tagged on the engine; a pull does not
	// count, as on engines that keep images themselves.
	LastTagTime time.Time
	// Size is in bytes.
	Size int64

	// For an image in the registry:

	// PullTime passes between the begin and the end of a pull.
	PullTime time.Duration
	// Auth is the RegistryAuth that a pull must bring; "" for a public one.
	Auth string
	// StreamError ends a pull that began well, with this text.
	StreamError string
}

type present struct {
	Image
	id, ref string
	pulled  bool
}

// AddImage puts an image on the engine.
func (e *Engine) AddImage(ref string, img Image) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.addImage(ref, img)
}

func (e *Engine) addImage(ref string, img Image) *present {
	p := &present{Image: img, id: "sha256:" + e.newID("image"), ref: normal(ref)}
	e.images[p.ref] = p
	return p
}

// RemoveImage takes an image off the engine.
func (e *Engine) RemoveImage(ref string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.images, normal(ref))
}

// Publish puts an image into the registry.
func (e *Engine) Publish(ref string, img Image) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registry[normal(ref)] = img
}

// normal writes a reference as the engine lists it, with a tag or a digest. A
// digest makes a tag before it count for nothing.
func normal(ref string) string {
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/")
	if name, digest, ok := strings.Cut(ref, "@"); ok {
		return repository(name) + "@" + digest
	}
	last := ref[strings.LastIndex(ref, "/")+1:]
	if !strings.ContainsAny(last, ":@") {
		ref += ":latest"
	}
	return ref
}

// repository is a reference without tag and digest.
func repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndex(ref, ":"); i > strings.LastIndex(ref, "/") {
		return ref[:i]
	}
	return ref
}

// published finds an image in the registry, by its name or its digest.
func (e *Engine) published(ref string) (Image, bool) {
	ref = normal(ref)
	if img, ok := e.registry[ref]; ok {
		return img, true
	}
	for _, name := range slices.Sorted(maps.Keys(e.registry)) {
		if img := e.registry[name]; img.Digest != "" && repository(name)+"@"+img.Digest == ref {
			return img, true
		}
	}
	return Image{}, false
}

func (e *Engine) findImage(ref string) *present {
	if p := e.images[normal(ref)]; p != nil {
		return p
	}
	for _, name := range slices.Sorted(maps.Keys(e.images)) {
		p := e.images[name]
		if p.pulled && p.Digest != "" && repository(p.ref)+"@"+p.Digest == normal(ref) {
			return p
		}
		if p.id == ref || len(ref) >= 12 && strings.HasPrefix(strings.TrimPrefix(p.id, "sha256:"), ref) {
			return p
		}
	}
	return nil
}

func (p *present) inspect() image.InspectResponse {
	config := p.Config
	r := image.InspectResponse{ID: p.id, Config: &config, Os: "linux", Architecture: "amd64", Size: p.Size, Metadata: image.Metadata{LastTagTime: p.LastTagTime}}
	if !strings.Contains(p.ref, "@") {
		r.RepoTags = []string{p.ref}
	}
	if p.pulled && p.Digest != "" {
		r.RepoDigests = []string{repository(p.ref) + "@" + p.Digest}
	}
	return r
}

// pull begins a pull; errors that the registry gives at once are answers, what
// happens later stands in the stream.
func (e *Engine) pull(ctx context.Context, ref, auth string) (io.ReadCloser, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	img, ok := e.published(ref)
	switch {
	case !ok:
		return nil, notFound("manifest for %s not found: manifest unknown: manifest unknown", normal(ref))
	case img.Auth != "" && auth == "":
		return nil, internal("Head \"http://registry:5000/v2/%s\": no basic auth credentials", normal(ref))
	case img.Auth != "" && auth != img.Auth:
		return nil, internal("unauthorized: authentication required")
	}
	return &pulling{e: e, ctx: ctx, ref: ref, img: img, end: time.NewTimer(img.PullTime), closed: make(chan struct{})}, nil
}

// pulling is the progress stream of one pull. The image is there once the last
// line was read; closing the stream earlier gives the pull up.
type pulling struct {
	e      *Engine
	ctx    context.Context
	ref    string
	img    Image
	end    *time.Timer
	begun  bool
	done   bool
	buffer []byte
	once   sync.Once
	closed chan struct{}
}

func (p *pulling) Read(out []byte) (int, error) {
	for len(p.buffer) == 0 {
		if p.done {
			return 0, io.EOF
		}
		if err := p.advance(); err != nil {
			return 0, err
		}
	}
	n := copy(out, p.buffer)
	p.buffer = p.buffer[n:]
	return n, nil
}

func (p *pulling) advance() error {
	if !p.begun {
		p.begun = true
		p.line(map[string]any{"status": "Pulling from " + p.ref})
		return nil
	}
	select {
	case <-p.end.C:
	case <-p.ctx.Done():
		return p.ctx.Err()
	case <-p.closed:
		return io.ErrClosedPipe
	case <-p.e.closed:
		return errClosed
	}
	p.done = true
	if p.img.StreamError != "" {
		p.line(map[string]any{"error": p.img.StreamError, "errorDetail": map[string]string{"message": p.img.StreamError}})
		return nil
	}
	p.e.mu.Lock()
	defer p.e.mu.Unlock()
	p.e.addImage(p.ref, p.img).pulled = true
	p.e.emit(events.ImageEventType, events.ActionPull, normal(p.ref), map[string]string{"name": normal(p.ref)})
	p.line(map[string]any{"status": "Status: Downloaded newer image for " + normal(p.ref)})
	return nil
}

func (p *pulling) line(v map[string]any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and maps of them always marshal
	}
	p.buffer = append(append(p.buffer, text...), '\n')
}

func (p *pulling) Close() error {
	p.once.Do(func() {
		p.end.Stop()
		close(p.closed)
	})
	return nil
}
