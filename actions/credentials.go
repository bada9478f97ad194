package actions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker/api/types/registry"
)

// Docker Hub has several names; credentials are kept under the last.
const (
	hubDomain = "docker.io"
	hubKey    = "https://index.docker.io/v1/"
)

// login is what one place knows of a registry.
type login struct {
	registry.AuthConfig
	from string // the place, as the operator knows it
}

// place looks a registry up; nil: it knows nothing of it.
type place func(ctx context.Context, lookup func(string) (string, bool), host string) (*login, error)

// Credentials returns a function that finds the credentials for an image's
// registry, encoded for the engine, with the name of where they were; "" when
// there are none. It looks, in this order, into DOCKER_AUTH_CONFIG (the text of
// a config.json), LOGIN_USER with LOGIN_PASSWORD for LOGIN_REGISTRY (Docker Hub
// unless set), and config.json in DOCKER_CONFIG (~/.docker unless set); in both
// texts with their credential helpers. The first that knows the registry
// counts. A registry is its full host and port.
//
// lookup gives the value of a variable. All is read again at each call, the
// files that NAME_FILE variables name too, so that a secret may be replaced in a
// running foster.
// Errors name the place, never what is in it; those that only another
// configuration mends are errdefs.ErrInvalidArgument.
func Credentials(lookup func(name string) (string, bool)) func(ctx context.Context, imageRef string) (encoded, from string, err error) {
	return func(ctx context.Context, imageRef string) (string, string, error) {
		named, err := reference.ParseNormalizedNamed(imageRef)
		if err != nil {
			return "", "", fmt.Errorf("%w: image reference %q", errdefs.ErrInvalidArgument, imageRef)
		}
		host := reference.Domain(named)
		for _, look := range []place{fromAuthConfig, fromLogin, fromConfigFile} {
			found, err := look(ctx, lookup, host)
			if err != nil {
				return "", "", err
			}
			if found != nil {
				encoded, err := registry.EncodeAuthConfig(found.AuthConfig)
				return encoded, found.from, err
			}
		}
		return "", "", nil
	}
}

func fromAuthConfig(ctx context.Context, lookup func(string) (string, bool), host string) (*login, error) {
	text, err := setting(lookup, "DOCKER_AUTH_CONFIG")
	if err != nil || strings.TrimSpace(text) == "" {
		return nil, err
	}
	file, err := config.LoadFromReader(strings.NewReader(text))
	if err != nil { // its text may repeat a part of the secret
		return nil, fmt.Errorf("%w: DOCKER_AUTH_CONFIG is not the content of a Docker config.json", errdefs.ErrInvalidArgument)
	}
	return fromFile(ctx, file, "DOCKER_AUTH_CONFIG", host)
}

func fromLogin(_ context.Context, lookup func(string) (string, bool), host string) (*login, error) {
	user, errUser := setting(lookup, "LOGIN_USER")
	password, errPassword := setting(lookup, "LOGIN_PASSWORD")
	server, errServer := setting(lookup, "LOGIN_REGISTRY")
	if err := errors.Join(errUser, errPassword, errServer); err != nil {
		return nil, err
	}
	if user == "" || password == "" || registryHost(cmp.Or(server, hubDomain)) != registryHost(host) {
		return nil, nil
	}
	return &login{registry.AuthConfig{Username: user, Password: password, ServerAddress: serverAddress(host)}, "LOGIN_USER"}, nil
}

func fromConfigFile(ctx context.Context, lookup func(string) (string, bool), host string) (*login, error) {
	dir := cmp.Or(value(lookup, config.EnvOverrideConfigDir), config.Dir())
	file, err := config.Load(dir)
	if err != nil {
		why := "it is not JSON as docker login writes it" // the error may repeat a part of a secret
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			why = path.Err.Error()
		}
		return nil, fmt.Errorf("%w: %s in %s cannot be read as a Docker config.json: %s", errdefs.ErrInvalidArgument, config.ConfigFileName, dir, why)
	}
	return fromFile(ctx, file, file.Filename, host)
}

// fromFile asks the registry's own helper, else the common store, else the file
// itself. The file's methods are not used for that: they would read
// DOCKER_AUTH_CONFIG from the environment once more.
func fromFile(ctx context.Context, file *configfile.ConfigFile, where, host string) (*login, error) {
	program := file.CredentialsStore
	if name, ok := entry(file.CredentialHelpers, host); ok {
		program = file.CredentialHelpers[name]
	}
	if program != "" {
		found, err := askHelper(ctx, program, where, host)
		if err != nil || found != nil {
			return found, err
		}
	}
	// docker login leaves an empty entry for what it put into a store.
	known := maps.Clone(file.AuthConfigs)
	maps.DeleteFunc(known, func(_ string, a types.AuthConfig) bool {
		return a.Username == "" && a.Password == "" && a.IdentityToken == "" && a.RegistryToken == ""
	})
	name, ok := entry(known, host)
	if !ok {
		return nil, nil
	}
	a := known[name]
	return &login{registry.AuthConfig{
		Username: a.Username, Password: a.Password, ServerAddress: serverAddress(host),
		IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken,
	}, where}, nil
}

// entry finds the name that stands for a registry: the one written as docker
// login does, else the first in order of the alphabet.
func entry[T any](of map[string]T, host string) (string, bool) {
	if _, ok := of[serverAddress(host)]; ok {
		return serverAddress(host), true
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if registryHost(name) == registryHost(host) {
			return name, true
		}
	}
	return "", false
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

// setting is what the file holds now that NAME_FILE names, with the newline at
// its end cut off, else the variable's value; "" when there is neither. A file
// that cannot be read was there at the start: it may be about to be replaced.
func setting(lookup func(string) (string, bool), name string) (string, error) {
	path := value(lookup, name+"_FILE")
	if path == "" {
		return value(lookup, name), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s_FILE: %w", name, err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}

// value is a variable's value, "" when it is not set.
func value(lookup func(string) (string, bool), name string) string {
	v, ok := lookup(name)
	if !ok {
		return ""
	}
	return v
}
