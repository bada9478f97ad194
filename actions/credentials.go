package actions

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	helper "github.com/docker/docker-credential-helpers/client"
	helpercreds "github.com/docker/docker-credential-helpers/credentials"
	"github.com/docker/docker/api/types/registry"
)

// Docker Hub has several names; credentials are kept under the last.
const (
	hubDomain = "docker.io"
	hubKey    = "https://index.docker.io/v1/"
)

// Credentials returns a function that finds the credentials for an image's
// registry, encoded for the engine; "" when there are none. It looks, in this
// order, into DOCKER_AUTH_CONFIG (the text of a config.json), LOGIN_USER with
// LOGIN_PASSWORD for LOGIN_REGISTRY (Docker Hub unless set), and config.json in
// DOCKER_CONFIG (~/.docker unless set) with its credential helpers. The first
// that knows the registry counts. A registry is its full host and port.
//
// lookup gives the value of a variable; it resolves a NAME_FILE itself. All is
// read again at each call, so that a secret may be replaced in a running foster.
// Errors name the place, never what is in it; of a place that cannot be read
// they are errdefs.ErrInvalidArgument.
func Credentials(lookup func(name string) (string, bool)) func(ctx context.Context, imageRef string) (string, error) {
	return func(ctx context.Context, imageRef string) (string, error) {
		named, err := reference.ParseNormalizedNamed(imageRef)
		if err != nil {
			return "", fmt.Errorf("%w: image reference %q", errdefs.ErrInvalidArgument, imageRef)
		}
		host := reference.Domain(named)
		for _, place := range []func(context.Context, func(string) (string, bool), string) (registry.AuthConfig, bool, error){
			fromAuthConfig, fromLogin, fromConfigFile,
		} {
			auth, found, err := place(ctx, lookup, host)
			if err != nil {
				return "", err
			}
			if found {
				return registry.EncodeAuthConfig(auth)
			}
		}
		return "", nil
	}
}

func fromAuthConfig(ctx context.Context, lookup func(string) (string, bool), host string) (registry.AuthConfig, bool, error) {
	text := value(lookup, "DOCKER_AUTH_CONFIG")
	if strings.TrimSpace(text) == "" {
		return registry.AuthConfig{}, false, nil
	}
	file, err := config.LoadFromReader(strings.NewReader(text))
	if err != nil { // its text may repeat a part of the secret
		return registry.AuthConfig{}, false, fmt.Errorf("%w: DOCKER_AUTH_CONFIG is not the content of a Docker config.json", errdefs.ErrInvalidArgument)
	}
	return fromFile(ctx, file, "DOCKER_AUTH_CONFIG", host)
}

func fromLogin(_ context.Context, lookup func(string) (string, bool), host string) (registry.AuthConfig, bool, error) {
	user := value(lookup, "LOGIN_USER")
	password := value(lookup, "LOGIN_PASSWORD")
	server := value(lookup, "LOGIN_REGISTRY")
	if user == "" || password == "" || registryHost(cmp.Or(server, hubDomain)) != registryHost(host) {
		return registry.AuthConfig{}, false, nil
	}
	return registry.AuthConfig{Username: user, Password: password, ServerAddress: serverAddress(host)}, true, nil
}

func fromConfigFile(ctx context.Context, lookup func(string) (string, bool), host string) (registry.AuthConfig, bool, error) {
	dir := value(lookup, config.EnvOverrideConfigDir)
	dir = cmp.Or(dir, config.Dir())
	file, err := config.Load(dir)
	if err != nil {
		return registry.AuthConfig{}, false, fmt.Errorf("%w: %s in %s cannot be read as a Docker config.json", errdefs.ErrInvalidArgument, config.ConfigFileName, dir)
	}
	return fromFile(ctx, file, file.Filename, host)
}

// fromFile asks the registry's own helper, else the common store, else the file
// itself. The file's methods are not used for that: they would read
// DOCKER_AUTH_CONFIG from the environment once more.
func fromFile(ctx context.Context, file *configfile.ConfigFile, where, host string) (registry.AuthConfig, bool, error) {
	program := file.CredentialsStore
	for _, name := range slices.Sorted(maps.Keys(file.CredentialHelpers)) {
		if registryHost(name) == registryHost(host) {
			program = file.CredentialHelpers[name]
		}
	}
	if program != "" {
		auth, found, err := ask(ctx, program, where, host)
		if err != nil || found {
			return auth, found, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(file.AuthConfigs)) {
		a := file.AuthConfigs[name]
		empty := a.Username == "" && a.Password == "" && a.IdentityToken == "" && a.RegistryToken == ""
		if registryHost(name) != registryHost(host) || empty {
			continue
		}
		return registry.AuthConfig{
			Username: a.Username, Password: a.Password, ServerAddress: serverAddress(host),
			IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken,
		}, true, nil
	}
	return registry.AuthConfig{}, false, nil
}

// ask runs a credential helper from PATH. What it prints stays out of errors.
func ask(ctx context.Context, suffix, where, host string) (registry.AuthConfig, bool, error) {
	program := "docker-credential-" + suffix
	got, err := helper.Get(func(args ...string) helper.Program {
		return newHelperRun(ctx, program, args)
	}, serverAddress(host))
	switch {
	case helpercreds.IsErrCredentialsNotFound(err):
		return registry.AuthConfig{}, false, nil
	case ctx.Err() != nil:
		return registry.AuthConfig{}, false, fmt.Errorf("run %s: %w", program, ctx.Err())
	case err != nil:
		return registry.AuthConfig{}, false, fmt.Errorf("%s, named in %s, gives no credentials for %s: run it by hand to see why", program, where, host)
	}
	auth := registry.AuthConfig{ServerAddress: serverAddress(host)}
	if got.Username == "<token>" { // the helpers' sign that the secret is a token
		auth.IdentityToken = got.Secret
	} else {
		auth.Username, auth.Password = got.Username, got.Secret
	}
	return auth, true, nil
}

// helperRun is a helper's process that ends with its context; the one of the
// helpers' own library knows none.
type helperRun struct{ cmd *exec.Cmd }

var _ helper.Program = (*helperRun)(nil)

func newHelperRun(ctx context.Context, program string, args []string) *helperRun {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second // its children may hold the pipes open
	return &helperRun{cmd: cmd}
}

func (h *helperRun) Input(in io.Reader) { h.cmd.Stdin = in }

// Output gives standard output also after a failure: it holds the reason there.
func (h *helperRun) Output() ([]byte, error) {
	var out bytes.Buffer
	h.cmd.Stdout = &out
	err := h.cmd.Run()
	return out.Bytes(), err
}

// registryHost makes the names of one registry comparable: host and port, one
// name for Docker Hub.
func registryHost(name string) string {
	host := strings.ToLower(credentials.ConvertToHostname(name))
	switch host {
	case "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com":
		return hubDomain
	}
	return host
}

// serverAddress is the name under which credentials are kept.
func serverAddress(host string) string {
	if registryHost(host) == hubDomain {
		return hubKey
	}
	return host
}

// value is a variable's value, "" when it is not set.
func value(lookup func(string) (string, bool), name string) string {
	v, ok := lookup(name)
	if !ok {
		return ""
	}
	return v
}
