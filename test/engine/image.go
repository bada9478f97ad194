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

// normal writes a reference as the engine lists it, with a tag.
func normal(ref string) string {
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/")
	last := ref[strings.LastIndex(ref, "/")+1:]
	if !strings.ContainsAny(last, ":@") {
		ref += ":latest"
	}
	return ref
}

func (e *Engine) findImage(ref string) *present {
	if p := e.images[normal(ref)]; p != nil {
		return p
	}
	for _, name := range slices.Sorted(maps.Keys(e.images)) {
		if p := e.images[name]; p.id == ref || len(ref) >= 12 && strings.HasPrefix(strings.TrimPrefix(p.id, "sha256:"), ref) {
			return p
		}
	}
	return nil
}

func (p *present) inspect() image.InspectResponse {
	config := p.Config
	return image.InspectResponse{ID: p.id, RepoTags: []string{p.ref}, Config: &config, Os: "linux", Architecture: "amd64"}
}

// pull begins a pull; errors that the registry gives at once are answers, what
// happens later stands in the stream.
func (e *Engine) pull(ctx context.Context, ref, auth string) (io.ReadCloser, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	img, ok := e.registry[normal(ref)]
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
	p.e.addImage(p.ref, p.img)
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
