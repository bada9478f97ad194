package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"foster/spec"
	"foster/test/lab"
)

// TestTwoRegistriesInOneProject: each child's image comes from a registry of
// its own, with a user of its own, one by its tag and one by its digest.
func TestTwoRegistriesInOneProject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	first, second := w.registry(ci), w.registry(bot)
	byTag, _ := w.publish(first)
	_, byDigest := w.publish(second)
	file := w.composeFile(fmt.Sprintf("services:\n  %s:\n    image: %s\n  other:\n    image: %s\n    pull_policy: always\n", childName, byTag, byDigest))
	f := w.fosterContainer(file, "LAUNCH_IMAGE=", "LAUNCH_PULL=", "LAUNCH_SERVICE_NAME=",
		"DOCKER_AUTH_CONFIG="+authConfig(t, map[string]account{first.Addr: ci, second.Addr: bot}))
	w.awaitWhole(want{image: byTag})
	lab.Eventually(t, patience, "the other child", func() error {
		list, err := w.Client().ContainerList(t.Context(), container.ListOptions{Filters: filters.NewArgs(
			filters.Arg("label", spec.LabelProject+"="+w.project), filters.Arg("label", spec.LabelChild+"=other"))})
		if err == nil && (len(list) != 1 || list[0].Image != byDigest) {
			err = fmt.Errorf("there is %v", list)
		}
		return err
	})
	for _, ref := range []string{byTag, byDigest} {
		if n := w.pulls(ref); n != 1 {
			t.Errorf("%d pulls of %s", n, ref)
		}
		f.awaitSaid("pulled", "image="+ref)
	}
	f.stop()
	w.nothingLeft()
	f.keptSecret(ci, bot)
}

// TestPlacesOfCredentials: a private image comes with credentials from each place.
func TestPlacesOfCredentials(t *testing.T) {
	t.Parallel()
	helper, err := helperDir()
	if err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + helper + string(os.PathListSeparator) + os.Getenv("PATH")
	for name, settings := range map[string]func(w *world, addr string) []string{
		"login": func(w *world, addr string) []string {
			return []string{"LOGIN_USER=" + ci.user, "LOGIN_PASSWORD_FILE=" + w.written("password", ci.password+"\n"), "LOGIN_REGISTRY=" + addr}
		},
		"config-json": func(w *world, addr string) []string {
			return []string{"DOCKER_CONFIG=" + filepath.Dir(w.written("config.json", authConfig(w.t, map[string]account{addr: ci})))}
		},
		"helper-of-the-variable": func(w *world, addr string) []string {
			return []string{
				path, "LAB_CREDENTIALS=" + w.written("known", fmt.Sprintf(`{%q: [%q, %q]}`, addr, ci.user, ci.password)),
				fmt.Sprintf(`DOCKER_AUTH_CONFIG={"credHelpers": {%q: "lab"}}`, addr),
			}
		},
		"store-of-config-json": func(w *world, addr string) []string {
			return []string{
				path, "LAB_CREDENTIALS=" + w.written("known", fmt.Sprintf(`{%q: [%q, %q]}`, addr, ci.user, ci.password)),
				"DOCKER_CONFIG=" + filepath.Dir(w.written("config.json", `{"credsStore": "lab"}`)),
			}
		},
		// What knows nothing of the registry is passed over.
		"fallen-through": func(w *world, addr string) []string {
			host, _, _ := strings.Cut(addr, ":")
			return []string{
				"DOCKER_AUTH_CONFIG=" + authConfig(w.t, map[string]account{host: bot, host + ":1": bot}),
				"LOGIN_USER=" + bot.user, "LOGIN_PASSWORD=" + bot.password, "LOGIN_REGISTRY=" + host,
				"DOCKER_CONFIG=" + filepath.Dir(w.written("config.json", authConfig(w.t, map[string]account{addr: ci}))),
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			r := w.registry(ci)
			ref, _ := w.publish(r)
			f := w.foster(append(settings(w, r.Addr), "LAUNCH_IMAGE="+ref, "LAUNCH_PULL=missing")...)
			w.awaitWhole(want{image: ref})
			f.stop()
			w.nothingLeft()
			f.keptSecret(ci, bot)
		})
	}
}

// TestRegistryIsBack: foster outlives a registry that is down. The child comes
// up once the registry is back, with the password that is in the file by then.
func TestRegistryIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	r := w.registry(ci)
	ref, _ := w.publish(r)
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	password := w.written("password", bot.password)
	f := w.foster("LAUNCH_IMAGE="+ref, "LAUNCH_PULL=missing", "FOSTER_BACKOFF_MAX=1s",
		"LOGIN_USER="+ci.user, "LOGIN_PASSWORD_FILE="+password, "LOGIN_REGISTRY="+r.Addr)
	f.triesAgain(patience, ref, "connection refused", "is it up")
	if err := os.WriteFile(password, []byte(ci.password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.awaitWhole(want{image: ref})
	f.stop()
	w.nothingLeft()
	w.created(1)
	f.keptSecret(ci, bot)
}

// TestRegistryIsDownButTheImageIsHere: a launch with the policy always goes on
// with the image on the engine, and says so. What runs is kept: by a recreation,
// which does not ask, and by the next foster, which adopts.
func TestRegistryIsDownButTheImageIsHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	r := w.registry(ci)
	ref, _ := w.publish(r)
	settings := []string{"LAUNCH_IMAGE=" + ref, "LAUNCH_PULL=always", "LOGIN_USER=" + ci.user, "LOGIN_PASSWORD=" + ci.password, "LOGIN_REGISTRY=" + r.Addr}
	f := w.foster(settings...)
	w.awaitWhole(want{image: ref})
	f.stop()
	f.keptSecret(ci)
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	f = w.foster(settings...)
	before := w.awaitWhole(want{image: ref})
	if l := f.awaitSaid("pull failed: going on with the image that is here"); l.text("level") != "warn" || !strings.Contains(l.text("error"), "connection refused") {
		t.Errorf("it says %v", l)
	}
	w.docker("kill", before.ID)
	before = w.awaitWhole(want{image: ref}, newer(before))
	if n := len(f.said("pull failed")); n != 1 {
		t.Errorf("%d pulls failed", n)
	}
	f.kill()

	f = w.foster(settings...)
	f.awaitSaid("adopted")
	w.awaitWhole(want{image: ref}, same(before))
	f.stop()
	w.nothingLeft()
	f.keptSecret(ci)
	if n := w.pulls(ref); n != 1 {
		t.Errorf("%d pulls", n)
	}
}

// TestStopDuringAPull: the engine waits for the registry, foster does not wait
// for the engine. It is not parallel: the second is meant.
func TestStopDuringAPull(t *testing.T) {
	w := newWorld(t, plainEngine(t))
	r := w.registry(account{})
	ref, _ := w.publish(r)
	if err := r.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := w.foster("LAUNCH_IMAGE="+ref, "LAUNCH_PULL=missing", "LAUNCH_NETWORKS=front")
	f.awaitSaid("pulling", "image="+ref)
	f.signal(syscall.SIGTERM)
	f.ended(0, time.Second)
	w.nothingLeft()
	if n := len(w.events("create")); n != 0 {
		t.Errorf("%d containers were created", n)
	}
}

// TestRegistryCannotBeReached: what foster says in each case, while it goes on trying.
func TestRegistryCannotBeReached(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ref   string
		words []string
	}{
		"no-name":  {"registry.invalid:5000/team/app:1", []string{"registry.invalid", "cannot resolve the registry's name"}},
		"no-route": {"203.0.113.9:5000/team/app:1", []string{"cannot reach the registry"}},
		"trouble":  {"", []string{"503", "the registry itself is in trouble"}},
		"silent":   {"", []string{"does not answer this node in time"}}, // the engine waits for 25 s
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			switch name {
			case "trouble":
				tc.ref = w.standIn(says(503, "down for maintenance")) + "/team/app:1"
			case "silent":
				r := w.registry(account{})
				if err := r.Pause(t.Context()); err != nil {
					t.Fatal(err)
				}
				tc.ref = r.Addr + "/team/app:1"
			}
			f := w.foster("LAUNCH_IMAGE="+tc.ref, "LAUNCH_PULL=missing")
			f.triesAgain(2*patience, append(tc.words, tc.ref)...)
			f.stop()
			w.nothingLeft()
		})
	}
}

// otherManifest is well-formed, and of no image.
const otherManifest = `{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
	"config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 2, "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}, "layers": []}`

// TestPullRefused: what cannot work until somebody changes something ends
// foster at once, in words that say what to change.
func TestPullRefused(t *testing.T) {
	t.Parallel()
	digest := "@sha256:" + strings.Repeat("a", 64)
	login := func(r *lab.Registry, password string) []string {
		return []string{"LOGIN_USER=" + ci.user, "LOGIN_PASSWORD=" + password, "LOGIN_REGISTRY=" + r.Addr}
	}
	wrong := account{ci.user, "wr0ng-password"}
	for name, tc := range map[string]struct {
		settings func(w *world, r *lab.Registry, ref string) []string
		words    []string
	}{
		"never": {func(_ *world, _ *lab.Registry, ref string) []string {
			return []string{"LAUNCH_IMAGE=" + ref, "LAUNCH_PULL=never"}
		}, []string{"is not on the engine, and the pull policy is never", "LAUNCH_PULL"}},
		"no-tag": {func(_ *world, r *lab.Registry, ref string) []string {
			return append(login(r, ci.password), "LAUNCH_IMAGE="+ref+"0")
		}, []string{"manifest unknown", "no such tag"}},
		"no-digest": {func(_ *world, r *lab.Registry, ref string) []string {
			return append(login(r, ci.password), "LAUNCH_IMAGE="+ref+digest)
		}, []string{"manifest unknown", "no such tag or digest"}},
		"no-repository": {func(w *world, _ *lab.Registry, _ string) []string {
			return []string{"LAUNCH_IMAGE=" + w.standIn(says(404, refusal("NAME_UNKNOWN", "repository name not known to registry"))) + "/team/none:1"}
		}, []string{"no such repository", "LAUNCH_IMAGE"}},
		"no-credentials": {func(_ *world, _ *lab.Registry, ref string) []string {
			return []string{"LAUNCH_IMAGE=" + ref}
		}, []string{"no basic auth credentials", "there are no credentials for this registry", "LOGIN_USER", "DOCKER_AUTH_CONFIG"}},
		"wrong-password": {func(_ *world, r *lab.Registry, ref string) []string {
			return append(login(r, wrong.password), "LAUNCH_IMAGE="+ref)
		}, []string{"unauthorized", "these are the credentials from LOGIN_USER"}},
		"another-port": {func(_ *world, r *lab.Registry, ref string) []string {
			host, _, _ := strings.Cut(r.Addr, ":")
			return []string{"LAUNCH_IMAGE=" + ref, "DOCKER_AUTH_CONFIG=" + authConfig(t, map[string]account{host: ci})}
		}, []string{"there are no credentials for this registry", "full host:port"}},
		"no-helper": {func(_ *world, r *lab.Registry, ref string) []string {
			return []string{"LAUNCH_IMAGE=" + ref, fmt.Sprintf(`DOCKER_AUTH_CONFIG={"credHelpers": {%q: "nosuch"}}`, r.Addr)}
		}, []string{"docker-credential-nosuch", "named in DOCKER_AUTH_CONFIG", "not on foster's PATH"}},
		// The registry answers with something else than what the digest names.
		"digest": {func(w *world, _ *lab.Registry, _ string) []string {
			return []string{"LAUNCH_IMAGE=" + w.standIn(says(200, otherManifest)) + "/team/app" + digest}
		}, []string{digest[1:], "digest mismatch"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plainEngine(t))
			r := w.registry(ci)
			ref, _ := w.publish(r)
			f := w.foster(append([]string{"LAUNCH_PULL=missing", "DOCKER_CONFIG=" + t.TempDir()}, tc.settings(w, r, ref)...)...)
			f.refusedWith(tc.words...)
			f.keptSecret(ci, wrong)
		})
	}
}

// TestDigestWithATag: the digest counts, the tag may have moved on.
func TestDigestWithATag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	ref, byDigest := w.publish(w.registry(account{}))
	_, digest, _ := strings.Cut(byDigest, "@")
	both := ref + "-gone@" + digest
	f := w.foster("LAUNCH_IMAGE="+both, "LAUNCH_PULL=missing")
	w.awaitWhole(want{image: both})
	f.stop()
	w.nothingLeft()
	if n := w.pulls(byDigest); n != 1 {
		t.Errorf("%d pulls by digest", n)
	}
	lab.Eventually(t, patience, "an image without the tag", func() error {
		if _, err := w.Client().ImageInspect(t.Context(), ref); err == nil {
			return errors.New("the tag was pulled")
		}
		return nil
	})
}

// TestRefresh: what the engine notes of an image's age decides. A pull alone
// leaves no note on this engine, so the registry is asked; a tag leaves one.
func TestRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	// An image of its own: the note is the image's, not its name's.
	own := w.name("own:1")
	if err := w.build(t.Context(), own, map[string]string{"Dockerfile": "FROM " + childImage + "\nLABEL of=" + w.project + "\n"}); err != nil {
		t.Fatal(err)
	}
	ref, byDigest := w.publishImage(w.registry(account{}), own)
	w.forget(own)
	for _, run := range []struct {
		policy string
		pulls  int // in all
	}{{"weekly", 1}, {"weekly", 2}, {"tagged", 2}, {"every_1s", 3}} {
		if run.policy == "tagged" {
			w.docker("tag", byDigest, ref)
			run.policy = "weekly"
		}
		f := w.foster("LAUNCH_IMAGE="+ref, "LAUNCH_PULL="+run.policy)
		w.awaitWhole(want{image: ref})
		f.stop()
		if n := w.pulls(ref); n != run.pulls {
			t.Errorf("%d pulls after a launch with %s, want %d", n, run.policy, run.pulls)
		}
	}
	w.nothingLeft()
}
