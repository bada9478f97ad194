package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"

	"foster/test/lab"
)

// account is a user of a private registry.
type account struct{ user, password string }

// Two registries never have the same user in these tests.
var (
	ci  = account{"ci", "s3cret-of-ci/+"}
	bot = account{"bot", "s3cret-of-b0t?"}
)

// forms are what must not be seen of an account: the password, plain and as
// base64 shows it inside of any longer text.
func (a account) forms() []string {
	all := []string{a.password}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := encoding.EncodeToString([]byte(strings.Repeat("x", before) + a.password))
			whole := (before + len(a.password)) * 8 / 6 // digits that hold nothing of what follows
			all = append(all, text[(before*8+5)/6:whole])
		}
	}
	return all
}

// registry starts a private registry on the engine's node; it ends with the test.
func (w *world) registry(a account) *lab.Registry {
	w.t.Helper()
	r, err := w.Node.Registry(w.t.Context(), lab.RegistryOptions{User: a.user, Password: a.password})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = r.Resume(ctx) // one that was paused ends too
		if err := r.Close(ctx); err != nil {
			w.t.Errorf("end the registry: %v", err)
		}
	})
	return r
}

// publish pushes the children's image to a registry as team/<project>:1, takes
// it off the engine under that name, and returns its two references.
func (w *world) publish(r *lab.Registry) (byTag, byDigest string) {
	w.t.Helper()
	return w.publishImage(r, childImage)
}

func (w *world) publishImage(r *lab.Registry, local string) (byTag, byDigest string) {
	w.t.Helper()
	byTag, err := r.Push(w.t.Context(), local, "team/"+w.project+":1")
	if err != nil {
		w.t.Fatal(err)
	}
	pushed, err := w.Client().ImageInspect(w.t.Context(), byTag)
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(pushed.RepoDigests, func(d string) bool { return strings.HasPrefix(d, strings.TrimSuffix(byTag, ":1")+"@") })
	if i < 0 {
		w.t.Fatalf("%s has no digest among %q", byTag, pushed.RepoDigests)
	}
	w.forget(byTag)
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for _, ref := range []string{byTag, pushed.RepoDigests[i]} {
			// Under the name that the test did not pull by, it is not there.
			_, _ = w.Client().ImageRemove(ctx, ref, image.RemoveOptions{Force: true})
		}
	})
	return byTag, pushed.RepoDigests[i]
}

// forget takes an image off the engine.
func (w *world) forget(ref string) {
	w.t.Helper()
	if _, err := w.Client().ImageRemove(w.t.Context(), ref, image.RemoveOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// pulls counts how often the engine pulled an image to the end.
func (w *world) pulls(ref string) int {
	n := 0
	for _, m := range w.rec.All(lab.Type("image"), lab.Action("pull")) {
		if m.Actor.ID == ref {
			n++
		}
	}
	return n
}

// standIn serves HTTP at an address of the node's own, for what no real
// registry says on demand.
func (w *world) standIn(h http.Handler) (addr string) {
	w.t.Helper()
	listener, err := w.Listen(w.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: patience}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	w.t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			w.t.Errorf("end the stand-in: %v", err)
		}
	})
	return listener.Addr().String()
}

// says answers every request but the first of a client, which asks what kind
// of registry it is. What comes with 200 is a manifest.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		kind := "application/json"
		if status == http.StatusOK {
			kind = "application/vnd.docker.distribution.manifest.v2+json"
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// refusal is a registry's error in JSON.
func refusal(code, message string) string {
	return fmt.Sprintf(`{"errors":[{"code":%q,"message":%q,"detail":{}}]}`, code, message)
}

// authConfig is the text of a config.json with these accounts.
func authConfig(t testing.TB, by map[string]account) string {
	t.Helper()
	auths := map[string]any{}
	for host, a := range by {
		auths[host] = map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(a.user + ":" + a.password))}
	}
	raw, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// written writes a file for this test.
func (w *world) written(name, content string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// helperDir holds docker-credential-lab, for PATH.
var helperDir = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "foster-e2e-helper-")
	if err != nil {
		return "", err
	}
	atEnd(func() error { return os.RemoveAll(dir) })
	return dir, buildProgram(context.Background(), filepath.Join(dir, "docker-credential-lab"), "foster/test/e2e/cmd/docker-credential-lab")
})

// keptSecret fails the test if foster said something of an account. Call it after foster's end.
func (f *foster) keptSecret(accounts ...account) {
	f.w.t.Helper()
	<-f.done
	log := f.log()
	for _, a := range accounts {
		for _, form := range a.forms() {
			if strings.Contains(log, form) {
				f.w.t.Errorf("foster tells the secret of %s, as %q", a.user, form)
			}
		}
	}
}

// refusedWith waits for the end of a foster that cannot work: it says these
// words when it gives up, and has not tried twice.
func (f *foster) refusedWith(words ...string) {
	f.w.t.Helper()
	f.ended(125, patience)
	gave := f.said("giving up")
	if len(gave) != 1 || !containsAll(gave[0].text("detail"), words...) {
		f.w.t.Errorf("it gave up with %v, want %q", gave, words)
	}
	if again := f.said("failed, it is tried again"); len(again) > 0 {
		f.w.t.Errorf("it tried again: %v", again)
	}
	f.w.nothingLeft()
}

// triesAgain waits until foster says that it tries again, in these words.
func (f *foster) triesAgain(within time.Duration, words ...string) {
	f.w.t.Helper()
	lab.Eventually(f.w.t, within, fmt.Sprintf("a failed pull that says %q", words), func() error {
		lines := f.said("failed, it is tried again")
		if len(lines) == 0 {
			return errors.New("it has not failed yet")
		}
		if detail := lines[0].text("detail"); !containsAll(detail, words...) {
			return fmt.Errorf("it says %q", detail)
		}
		return nil
	})
}
