package engine_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"

	"foster/test/engine"
)

// TestDigests: what has a digest in the registry is pulled by it, and known by
// it afterwards; a tag before it counts for nothing.
func TestDigests(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		const repo = "r.example:5000/team/app"
		one, two := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64)
		s.Publish(repo+":1", engine.Image{Digest: one, Size: 7})
		pull := func(ref string) error {
			out, err := s.ImagePull(t.Context(), ref, image.PullOptions{})
			if err != nil {
				return err
			}
			defer out.Close()
			_, err = io.Copy(io.Discard, out)
			return err
		}
		for _, ref := range []string{repo + ":1", repo + "@" + one, repo + ":gone@" + one} {
			s.must(pull(ref))
			got, err := s.ImageInspect(t.Context(), ref)
			s.must(err)
			if !slices.Equal(got.RepoDigests, []string{repo + "@" + one}) || got.Size != 7 {
				t.Errorf("%s: %+v", ref, got)
			}
		}
		if err := pull(repo + "@" + two); !errdefs.IsNotFound(err) || !strings.Contains(err.Error(), "manifest unknown") {
			t.Errorf("another digest: %v", err)
		}
		// Pulled by its tag, an image is known by its digest too.
		s.RemoveImage(repo + "@" + one)
		if _, err := s.ImageInspect(t.Context(), repo+"@"+one); err != nil {
			t.Error(err)
		}
		if _, err := s.ImageInspect(t.Context(), repo+"@"+two); !errdefs.IsNotFound(err) {
			t.Errorf("another digest: %v", err)
		}
		// A registry that serves something else under a digest.
		s.Publish(repo+"@"+two, engine.Image{Digest: one})
		s.must(pull(repo + "@" + two))
		got, err := s.ImageInspect(t.Context(), repo+"@"+two)
		s.must(err)
		if !slices.Equal(got.RepoDigests, []string{repo + "@" + one}) {
			t.Errorf("%+v", got)
		}
	})
}

// TestImagesOfOnesOwn have no digest, and the time of their tag.
func TestImagesOfOnesOwn(t *testing.T) {
	inBubble(t, engine.Options{}, func(t *testing.T, s script) {
		at := time.Now().Add(-time.Hour)
		s.AddImage("app:1", engine.Image{Digest: "sha256:" + strings.Repeat("1", 64), LastTagTime: at})
		got, err := s.ImageInspect(t.Context(), "app:1")
		s.must(err)
		if len(got.RepoDigests) != 0 || !got.Metadata.LastTagTime.Equal(at) || !slices.Equal(got.RepoTags, []string{"app:1"}) {
			t.Errorf("%+v", got)
		}
	})
}
