package actions

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"foster/spec"
	"foster/state"
)

func (s *stub) CopyToContainer(ctx context.Context, id, path string, archive io.Reader, options container.CopyToContainerOptions) error {
	if err := s.note(s.copied != nil, "copy %s", id); err != nil {
		return err
	}
	return s.copied(ctx, id, path, archive, options)
}

// withFiles is project() with two files, one of them nobody's business.
func withFiles() *spec.Project {
	p := project()
	p.Children[0].Files = []spec.File{
		{Path: "/etc/app/config.toml", Content: []byte("verbose = 1\n"), Mode: 0o644},
		{Path: "/run/secrets/" + strings.Repeat("long", 40), Content: []byte("hunter2"), UID: 1000, GID: 70000, Mode: 0o400},
	}
	return p
}

// unpacked lists the files of an archive.
func unpacked(t *testing.T, archive io.Reader) string {
	t.Helper()
	var out []string
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%c:%s:%o:%d:%d:%q", h.Typeflag, h.Name, h.Mode, h.Uid, h.Gid, content))
	}
}

// TestFilesAreThereBeforeTheStart: one archive, after the last network and
// before create is answered; a broken first try sends the whole of it again.
func TestFilesAreThereBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got made
		var archives []string
		next := script(io.ErrUnexpectedEOF, nil)
		e := &stub{
			t: t, version: "1.41", create: answering(&got, nil), imgInspect: images("sha256:1"),
			connect: func(context.Context, string, string, *network.EndpointSettings) error { return nil },
			copied: func(_ context.Context, _, path string, archive io.Reader, options container.CopyToContainerOptions) error {
				if path != "/" || options.CopyUIDGID {
					t.Errorf("copied to %s with %+v", path, options)
				}
				archives = append(archives, unpacked(t, archive))
				return next()
			},
		}
		r := run(t, e, withFiles())
		check(t, r.done(t, state.Create{Op: 1, Child: "web"}), state.OK, "c1", "")
		if e.told() != "imginspect app:1, create p-web-1, connect back c1, copy c1, copy c1" {
			t.Errorf("calls: %s", e.told())
		}
		want := `0:etc/app/config.toml:644:0:0:"verbose = 1\n" 0:run/secrets/` + strings.Repeat("long", 40) + `:400:1000:70000:"hunter2"`
		if len(archives) != 2 || archives[0] != want || archives[1] != want {
			t.Errorf("archives:\n%s\nwant twice:\n%s", strings.Join(archives, "\n"), want)
		}
	})
}

// TestFilesThatCannotBeDelivered leave no container, and say nothing of their content.
func TestFilesThatCannotBeDelivered(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer error
		remove error
		class  state.Class
		id     string
		words  string
	}{
		{"read-only", internal("container rootfs is marked read-only"), nil, state.Permanent, "", "read_only"},
		{"read-only, later engines", invalid("container rootfs is marked read-only"), nil, state.Permanent, "", "read_only"},
		{"read-only volume", internal("Error processing tar file(exit status 1): unlinkat /vol/sub/v: read-only file system"), nil, state.Permanent, "", "read_only"},
		{"a directory", internal(`Error processing tar file(exit status 1): cannot overwrite directory "/bin" with non-directory "/"`), nil, state.Permanent, "", "is a directory"},
		{"below a file", internal("Error processing tar file(exit status 1): open /bin/sh/x: not a directory"), nil, state.Permanent, "", "below a file"},
		{"container gone", notFound("No such container: c1"), notFound("No such container: c1"), state.Gone, "", `put secrets and configs into child "web"`},
		{"disk full", internal("no space left on device"), nil, state.Transient, "", "no space left"},
		{"left behind", internal("no space left on device"), internal("busy"), state.Transient, "c1", "no space left"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got made
				e := &stub{
					t: t, create: answering(&got, nil), imgInspect: images("sha256:1"),
					copied: func(context.Context, string, string, io.Reader, container.CopyToContainerOptions) error {
						return tc.answer
					},
					remove: func(context.Context, string, container.RemoveOptions) error { return tc.remove },
				}
				r := run(t, e, withFiles())
				d := r.done(t, state.Create{Op: 1, Child: "web"})
				check(t, d, tc.class, tc.id, tc.words)
				if e.told() != "imginspect app:1, create p-web-1, copy c1, remove c1" {
					t.Errorf("calls: %s", e.told())
				}
				r.end()
				if said := d.Detail + r.log.String(); strings.Contains(said, "hunter2") || strings.Contains(said, "verbose") {
					t.Errorf("the content is told: %s", said)
				}
			})
		})
	}
}

// TestDeliveryHasADeadline, and one that is given up leaves no container.
func TestDeliveryHasADeadline(t *testing.T) {
	for _, cancel := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var got made
			e := &stub{
				t: t, create: answering(&got, nil), imgInspect: images("sha256:1"),
				copied: func(ctx context.Context, _, _ string, _ io.Reader, _ container.CopyToContainerOptions) error {
					<-ctx.Done()
					return ctx.Err()
				},
				remove: func(context.Context, string, container.RemoveOptions) error { return nil },
			}
			r := run(t, e, withFiles())
			r.in <- state.Create{Op: 1, Child: "web"}
			class := state.Transient
			if cancel {
				synctest.Wait()
				r.in <- state.Cancel{Op: 1}
				class = state.Canceled
			}
			check(t, r.await(t), class, "", "")
			if e.told() != "imginspect app:1, create p-web-1, copy c1, remove c1" {
				t.Errorf("calls: %s", e.told())
			}
		})
	}
}

// TestPackSaysNothingOfContents: what an archive cannot hold is an error
// without the content.
func TestPackSaysNothingOfContents(t *testing.T) {
	_, err := pack([]spec.File{{Path: "/a\x00b", Content: bytes.Repeat([]byte("hunter2"), 3)}}, time.Unix(1, 0))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}
