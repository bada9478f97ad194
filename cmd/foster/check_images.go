package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"foster/spec"
)

// checkImages looks for the children's images, each once.
func checkImages(ctx context.Context, s *survey) []finding {
	type question struct {
		image, platform string
		pull            spec.PullPolicy
	}
	var found []finding
	asked := map[question]bool{}
	for _, c := range s.project.Children {
		q := question{c.Image, platformText(c.Platform), c.Pull}
		if asked[q] {
			continue
		}
		asked[q] = true
		got, err := ask(ctx, func(ctx context.Context) (image.InspectResponse, error) { return s.engine.ImageInspect(ctx, c.Image) })
		found = append(found, s.imageFinding(c, got, err))
	}
	return append(found, s.mountedImages(ctx)...)
}

func (s *survey) imageFinding(c spec.Child, got image.InspectResponse, err error) finding {
	subject := "image " + c.Image
	absent := ""
	switch {
	case errdefs.IsNotFound(err):
		absent = "is not present"
	case err != nil:
		return note(subject, "could not be looked for: %v", err)
	case !sameImage(c.Platform, got):
		absent = fmt.Sprintf("is present for %s only, not for %s", platformOf(got), platformText(c.Platform))
	}
	switch {
	case absent != "" && c.Pull == spec.PullNever:
		return problem(subject, "%s, and the pull policy of child %s is never: the launch will fail", absent, c.Name).mend("pull it by hand, or choose another pull policy")
	case absent != "":
		return note(subject, "%s, it will be pulled", absent)
	case c.Platform == nil && s.info != nil && s.info.Architecture != "" && got.Architecture != "" && goArch(s.info.Architecture) != goArch(got.Architecture):
		return note(subject, "is present, but made for %s, and this engine's machine is %s", got.Architecture, s.info.Architecture).mend("without an emulator it ends with \"exec format error\"")
	}
	suffix := ""
	switch c.Pull {
	case spec.PullAlways:
		suffix = ", and the registry will be asked for a newer one"
	case spec.PullRefresh:
		suffix = fmt.Sprintf(", and the registry will be asked for a newer one when it is older than %s", c.PullEvery)
	}
	if _, digest, pinned := strings.Cut(c.Image, "@"); pinned {
		suffix = ", with the digest " + digest
	}
	return ok(subject, "is present%s", suffix)
}

// mountedImages looks for images that are mounted like volumes.
func (s *survey) mountedImages(ctx context.Context) []finding {
	var found []finding
	var asked []string
	for _, c := range s.project.Children {
		for _, m := range c.Host.Mounts {
			if m.Type != mount.TypeImage || slices.Contains(asked, m.Source) {
				continue
			}
			asked = append(asked, m.Source)
			_, err := ask(ctx, func(ctx context.Context) (image.InspectResponse, error) { return s.engine.ImageInspect(ctx, m.Source) })
			switch subject := "image " + m.Source; {
			case err == nil:
				found = append(found, ok(subject, "is present, to be mounted by child %s", c.Name))
			case errdefs.IsNotFound(err):
				found = append(found, note(subject, "is not present, and child %s mounts it", c.Name).mend("pull it by hand if the launch says that it is missing"))
			default:
				found = append(found, note(subject, "could not be looked for: %v", err))
			}
		}
	}
	return found
}

// sameImage tells whether an image is for the wanted platform. What one of the
// two does not say does not matter.
func sameImage(want *ocispec.Platform, got image.InspectResponse) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return want == nil || same(want.OS, got.Os) && same(want.Architecture, got.Architecture) && same(want.Variant, got.Variant)
}

func platformText(p *ocispec.Platform) string {
	if p == nil {
		return ""
	}
	return joined(p.OS, p.Architecture, p.Variant)
}

func platformOf(got image.InspectResponse) string {
	return joined(got.Os, got.Architecture, got.Variant)
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "/")
}

// goArch spells a machine as images do: the engine says what uname says.
func goArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "armv6l", "armv7l", "armhf":
		return "arm"
	case "i386", "i486", "i586", "i686":
		return "386"
	}
	return machine
}
