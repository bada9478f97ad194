package actions

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/registry"
)

func auths(pairs ...string) string {
	var entries []string
	for i := 0; i < len(pairs); i += 2 {
		entries = append(entries, fmt.Sprintf("%q:{%q:%q}", pairs[i], "auth", base64.StdEncoding.EncodeToString([]byte(pairs[i+1]))))
	}
	return `{"auths":{` + strings.Join(entries, ",") + `}}`
}

// helperIn puts a credential helper into PATH that runs a shell script.
func helperIn(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-"+name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestCredentials(t *testing.T) {
	helperIn(t, "good", `read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"h-$1\",\"Secret\":\"$server\"}"`)
	helperIn(t, "token", `echo '{"Username":"<token>","Secret":"tok"}'`)
	helperIn(t, "none", `echo "credentials not found in native keychain"; exit 1`)
	helperIn(t, "bad", `echo "hunter2 leaked"; echo hunter2 >&2; exit 1`)
	helperIn(t, "nonsense", `echo "hunter2 leaked"`)
	helperIn(t, "nobody", `echo "{}"`)

	for _, tc := range []struct {
		name string
		env  map[string]string
		file string // config.json
		ref  string
		want string // user:password@server, or the token
		from string // a part of the place's name
		err  string
	}{
		{name: "nothing", ref: "app"},
		{name: "auth config, full host and port", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example:5000", "u:p:q")}, ref: "r.example:5000/a/b:1", want: "u:p:q@r.example:5000"},
		{name: "another port is another registry", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example", "u:p")}, ref: "r.example:5000/a"},
		{name: "a name without the port", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example:5000", "u:p")}, ref: "r.example/a"},
		{name: "another host of the domain", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("example", "u:p", "x.r.example", "u:p")}, ref: "r.example/a"},
		{name: "two registries", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example:5000", "u:p", "r.example:5001", "v:q")}, ref: "r.example:5001/a", want: "v:q@r.example:5001"},
		{name: "the plain name before others", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("http://r.example", "u:p", "r.example", "v:q")}, ref: "r.example/a", want: "v:q@r.example"},
		{name: "an identity token", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"auths":{"r.example":{"identitytoken":"tok"}}}`}, ref: "r.example/a", want: "tok"},
		{name: "hub by its registry", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("registry-1.docker.io", "u:p")}, ref: "team/app", want: "u:p@https://index.docker.io/v1/"},
		{name: "hub by its index", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("index.docker.io", "u:p")}, ref: "app@sha256:" + strings.Repeat("a", 64), want: "u:p@https://index.docker.io/v1/"},
		{name: "login, hub by its name", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "docker.io"}, ref: "app", want: "u:p@https://index.docker.io/v1/"},
		{name: "login, another port", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "r.example"}, ref: "r.example:5000/a"},
		{name: "with a scheme", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("https://r.example:5000/v2/", "u:p")}, ref: "r.example:5000/a", want: "u:p@r.example:5000"},
		{name: "hub by its key", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("https://index.docker.io/v1/", "u:p")}, ref: "app", want: "u:p@https://index.docker.io/v1/"},
		{name: "hub by its name", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("docker.io", "u:p")}, ref: "docker.io/library/app", want: "u:p@https://index.docker.io/v1/"},
		{name: "hub is not for others", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("docker.io", "u:p")}, ref: "r.example/app"},

		{name: "login, hub", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p"}, ref: "app:1", want: "u:p@https://index.docker.io/v1/"},
		{name: "login, registry", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "https://r.example:5000"}, ref: "r.example:5000/a", want: "u:p@r.example:5000"},
		{name: "login, another registry", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "r.example"}, ref: "app"},
		{name: "login without password", env: map[string]string{"LOGIN_USER": "u"}, ref: "app"},

		{name: "file", file: auths("r.example", "f:p"), ref: "r.example/a", want: "f:p@r.example"},
		{name: "order: auth config", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example", "a:p"), "LOGIN_USER": "l", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "r.example"}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "a:p@r.example", from: "DOCKER_AUTH_CONFIG"},
		{name: "order: login", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("other", "a:p"), "LOGIN_USER": "l", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "r.example"}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "l:p@r.example", from: "LOGIN_USER"},
		{name: "order: file", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("other", "a:p"), "LOGIN_USER": "l", "LOGIN_PASSWORD": "p"}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "f:p@r.example", from: "config.json"},

		{name: "helper in the variable", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credHelpers":{"r.example":"good"}}`}, ref: "r.example/a", want: "h-get:r.example@r.example", from: "docker-credential-good (named in DOCKER_AUTH_CONFIG)"},
		{name: "helper of a port", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credHelpers":{"r.example:5000":"good"}}`}, ref: "r.example/a"},
		{name: "store in the variable", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credsStore":"good"}`}, ref: "r.example:5000/a", want: "h-get:r.example:5000@r.example:5000"},
		{name: "store in the variable knows nothing, login does", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credsStore":"none"}`, "LOGIN_USER": "l", "LOGIN_PASSWORD": "p"}, ref: "app", want: "l:p@https://index.docker.io/v1/"},
		{name: "store gives nobody, file does", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credsStore":"nobody"}`}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "f:p@r.example"},
		{name: "an empty entry of docker login", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"auths":{"r.example":{}}}`}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "f:p@r.example"},
		{name: "helper, hub", file: `{"credHelpers":{"docker.io":"good"}}`, ref: "app", want: "h-get:https://index.docker.io/v1/@https://index.docker.io/v1/"},
		{name: "helper before store", file: `{"credsStore":"bad","credHelpers":{"r.example":"token"}}`, ref: "r.example/a", want: "tok"},
		{name: "store", file: `{"credsStore":"token"}`, ref: "r.example/a", want: "tok"},
		{name: "store knows nothing, file does", file: strings.TrimSuffix(auths("r.example", "f:p"), "}") + `,"credsStore":"none"}`, ref: "r.example/a", want: "f:p@r.example"},
		{name: "store fails", file: `{"credsStore":"bad"}`, ref: "r.example/a", err: "docker-credential-bad for registry r.example"},
		{name: "broken: no such helper", file: `{"credsStore":"nosuch"}`, ref: "r.example/a", err: "not on foster's PATH"},
		{name: "broken: no such helper in the variable", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credHelpers":{"r.example":"nosuch"}}`}, ref: "r.example/a", err: "docker-credential-nosuch for registry r.example (named in DOCKER_AUTH_CONFIG)"},
		{name: "broken: a helper's nonsense", file: `{"credHelpers":{"r.example":"nonsense"}}`, ref: "r.example/a", err: "docker-credential-nonsense for registry r.example"},

		{name: "broken variable", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"auths":{"r":{"auth":hunter2}}}`}, ref: "app", err: "DOCKER_AUTH_CONFIG is not"},
		{name: "broken base64", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"auths":{"r":{"auth":"hunter2!"}}}`}, ref: "app", err: "DOCKER_AUTH_CONFIG is not"},
		{name: "broken file", file: `hunter2`, ref: "app", err: "config.json"},
		{name: "broken reference", ref: "A B", err: "image reference"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if tc.file != "" {
				if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(tc.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			lookup := func(name string) (string, bool) {
				if name == "DOCKER_CONFIG" {
					return dir, true
				}
				v, ok := tc.env[name]
				return v, ok
			}
			encoded, from, err := Credentials(lookup)(t.Context(), tc.ref)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "hunter2") || encoded != "" {
					t.Fatalf("error %v, want %q", err, tc.err)
				}
				if strings.HasPrefix(tc.name, "broken") != errdefs.IsInvalidArgument(err) {
					t.Errorf("kind of %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if encoded != "" {
				a, err := registry.DecodeAuthConfig(encoded)
				if err != nil {
					t.Fatal(err)
				}
				if got = a.IdentityToken; got == "" {
					got = a.Username + ":" + a.Password + "@" + a.ServerAddress
				}
			}
			if tc.from != "" && !strings.Contains(from, tc.from) || (from == "") != (encoded == "") {
				t.Errorf("from %q, want %q", from, tc.from)
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// TestCredentialHelperEndsWithItsContext: what a helper has started ends too,
// although it holds the helper's output open.
func TestCredentialHelperEndsWithItsContext(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	helperIn(t, "slow", "sleep 60 & echo $! >"+pid+".new; mv "+pid+".new "+pid+"; wait")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"credsStore":"slow"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	_, _, err := Credentials(func(name string) (string, bool) { return dir, name == "DOCKER_CONFIG" })(ctx, "r.example/a")
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "docker-credential-slow for registry r.example") || errdefs.IsInvalidArgument(err) {
		t.Error(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	raw, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	// A killed orphan takes a moment to die, and may be a zombie until somebody reaps it.
	for alive := true; alive; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", number))
		if alive = err == nil && !strings.Contains(string(stat), ") Z "); alive && time.Since(began) > 20*time.Second {
			t.Fatalf("the helper's own child lives: %s", stat)
		}
	}
}

// TestCredentialsAreReadAnew: a secret that is replaced counts at the next pull,
// also where the environment still has what the file held at the start.
func TestCredentialsAreReadAnew(t *testing.T) {
	for name, write := range map[string]func(password string) string{
		"DOCKER_AUTH_CONFIG": func(password string) string { return auths("r.example", "u:"+password) },
		"LOGIN_PASSWORD":     func(password string) string { return password + "\n" },
	} {
		path := filepath.Join(t.TempDir(), "secret")
		env := map[string]string{"LOGIN_USER": "u", "LOGIN_REGISTRY": "r.example", name: write("old"), name + "_FILE": path, "DOCKER_CONFIG": t.TempDir()}
		find := Credentials(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		for _, want := range []string{"old", "new"} {
			if err := os.WriteFile(path, []byte(write(want)), 0o600); err != nil {
				t.Fatal(err)
			}
			encoded, _, err := find(t.Context(), "r.example/a")
			if err != nil {
				t.Fatal(err)
			}
			a, err := registry.DecodeAuthConfig(encoded)
			if err != nil || a.Password != want {
				t.Errorf("%s: %v, %v", name, a, err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, _, err := find(t.Context(), "r.example/a"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), name+"_FILE") || errdefs.IsInvalidArgument(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
