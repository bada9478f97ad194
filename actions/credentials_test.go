package actions

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
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
	helperIn(t, "bad", `echo "hunter2 leaked"; exit 1`)

	for _, tc := range []struct {
		name string
		env  map[string]string
		file string // config.json
		ref  string
		want string // user:password@server, or the token
		err  string
	}{
		{name: "nothing", ref: "app"},
		{name: "auth config, full host and port", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example:5000", "u:p:q")}, ref: "r.example:5000/a/b:1", want: "u:p:q@r.example:5000"},
		{name: "another port is another registry", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example", "u:p")}, ref: "r.example:5000/a"},
		{name: "with a scheme", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("https://r.example:5000/v2/", "u:p")}, ref: "r.example:5000/a", want: "u:p@r.example:5000"},
		{name: "hub by its key", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("https://index.docker.io/v1/", "u:p")}, ref: "app", want: "u:p@https://index.docker.io/v1/"},
		{name: "hub by its name", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("docker.io", "u:p")}, ref: "docker.io/library/app", want: "u:p@https://index.docker.io/v1/"},
		{name: "hub is not for others", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("docker.io", "u:p")}, ref: "r.example/app"},

		{name: "login, hub", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p"}, ref: "app:1", want: "u:p@https://index.docker.io/v1/"},
		{name: "login, registry", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "https://r.example:5000"}, ref: "r.example:5000/a", want: "u:p@r.example:5000"},
		{name: "login, another registry", env: map[string]string{"LOGIN_USER": "u", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "r.example"}, ref: "app"},
		{name: "login without password", env: map[string]string{"LOGIN_USER": "u"}, ref: "app"},

		{name: "file", file: auths("r.example", "f:p"), ref: "r.example/a", want: "f:p@r.example"},
		{name: "order: auth config", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("r.example", "a:p"), "LOGIN_USER": "l", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "r.example"}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "a:p@r.example"},
		{name: "order: login", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("other", "a:p"), "LOGIN_USER": "l", "LOGIN_PASSWORD": "p", "LOGIN_REGISTRY": "r.example"}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "l:p@r.example"},
		{name: "order: file", env: map[string]string{"DOCKER_AUTH_CONFIG": auths("other", "a:p"), "LOGIN_USER": "l", "LOGIN_PASSWORD": "p"}, file: auths("r.example", "f:p"), ref: "r.example/a", want: "f:p@r.example"},

		{name: "helper in the variable", env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credHelpers":{"r.example":"good"}}`}, ref: "r.example/a", want: "h-get:r.example@r.example"},
		{name: "helper, hub", file: `{"credHelpers":{"docker.io":"good"}}`, ref: "app", want: "h-get:https://index.docker.io/v1/@https://index.docker.io/v1/"},
		{name: "helper before store", file: `{"credsStore":"bad","credHelpers":{"r.example":"token"}}`, ref: "r.example/a", want: "tok"},
		{name: "store", file: `{"credsStore":"token"}`, ref: "r.example/a", want: "tok"},
		{name: "store knows nothing, file does", file: strings.TrimSuffix(auths("r.example", "f:p"), "}") + `,"credsStore":"none"}`, ref: "r.example/a", want: "f:p@r.example"},
		{name: "store fails", file: `{"credsStore":"bad"}`, ref: "r.example/a", err: "docker-credential-bad"},
		{name: "no such helper", file: `{"credsStore":"nosuch"}`, ref: "r.example/a", err: "docker-credential-nosuch"},

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
			encoded, err := Credentials(lookup)(t.Context(), tc.ref)
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
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestCredentialHelperEndsWithItsContext(t *testing.T) {
	helperIn(t, "slow", "exec sleep 60")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"credsStore":"slow"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := Credentials(func(name string) (string, bool) { return dir, name == "DOCKER_CONFIG" })(ctx, "r.example/a")
	if err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
