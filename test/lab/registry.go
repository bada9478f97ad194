package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/docker/docker/api/types/image"
	registryauth "github.com/docker/docker/api/types/registry"
)

// RegistryOptions say what registry to start. The zero value is one without credentials.
type RegistryOptions struct {
	User, Password string // basic authentication for everything when User is not empty
}

// Registry is an image registry inside a node, over plain HTTP.
type Registry struct {
	Addr     string // host:port for the node itself: 127.0.0.1:port
	WireAddr string // host:port for every node of the lab; their engines know it as an insecure registry

	node *Node
	dir  string
	pid  int // inside the node
	opts RegistryOptions
}

// Registry starts a registry in the node and returns when it answers. The registry and its images live until Close or
// a crash of the node.
func (n *Node) Registry(ctx context.Context, opts RegistryOptions) (*Registry, error) {
	n.mu.Lock()
	n.registries++
	number := n.registries
	n.mu.Unlock()
	port := strconv.Itoa(4999 + number)
	dir := filepath.Join(n.Dir, "registry-"+port)
	if err := os.MkdirAll(filepath.Join(dir, "images"), 0o755); err != nil {
		return nil, err
	}
	config, err := registryConfig(dir, port, opts)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.yml"), config, 0o600); err != nil {
		return nil, err
	}
	r := &Registry{Addr: "127.0.0.1:" + port, WireAddr: n.Address() + ":" + port, node: n, dir: dir, opts: opts}
	return r, r.Open(ctx)
}

// Open starts a registry that was closed again, with its images and at its address, and returns when it answers. One
// that runs is success.
func (r *Registry) Open(ctx context.Context) error {
	if r.node.runs(r.pid) {
		return nil
	}
	log := filepath.Join(r.dir, "registry.log")
	pid, err := r.node.spawn(ctx, nil, log, tool("docker-registry"), "serve", filepath.Join(r.dir, "config.yml"))
	if err != nil {
		return fmt.Errorf("start a registry on %s: %w", r.node.Name, err)
	}
	r.pid = pid
	if err := Await(ctx, "the registry on "+r.node.Name, func() error { return r.ping(ctx) }, errExited); err != nil {
		raw, _ := os.ReadFile(log)
		return fmt.Errorf("%w; its log: %s", err, raw)
	}
	return nil
}

// ping asks for the API's root: every registry has it, one with credentials refuses it.
func (r *Registry) ping(ctx context.Context) error {
	if !r.node.runs(r.pid) {
		return errExited
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Addr+"/v2/", nil)
	if err != nil {
		return err
	}
	resp, err := r.node.HTTP().Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}

// Push tags a local image of the registry's node as name (as in "team/app:1") and pushes it, with the registry's
// credentials. It returns the reference that the node pulls it by; the tag stays on the node.
func (r *Registry) Push(ctx context.Context, local, name string) (string, error) {
	ref := r.Addr + "/" + name
	api := r.node.Client()
	if err := api.ImageTag(ctx, local, ref); err != nil {
		return "", fmt.Errorf("tag %s as %s: %w", local, ref, err)
	}
	out, err := api.ImagePush(ctx, ref, image.PushOptions{RegistryAuth: r.Auth()})
	if err != nil {
		return "", fmt.Errorf("push %s: %w", ref, err)
	}
	defer out.Close()
	// The engine says 200 before it knows: an error is a line of the stream.
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Error string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return "", fmt.Errorf("push %s: read the engine's answer: %w", ref, err)
		}
		if line.Error != "" {
			return "", fmt.Errorf("push %s: %s", ref, line.Error)
		}
	}
	return ref, lines.Err()
}

// Auth is the registry's credentials as the engine's API takes them (X-Registry-Auth).
func (r *Registry) Auth() string {
	auth, err := registryauth.EncodeAuthConfig(registryauth.AuthConfig{
		Username: r.opts.User, Password: r.opts.Password, ServerAddress: r.Addr,
	})
	if err != nil {
		return "" // two strings always encode
	}
	return auth
}

// Pause stops the registry with SIGSTOP: it still takes connections and never answers. Pulls and pushes hang.
func (r *Registry) Pause(ctx context.Context) error {
	if err := r.node.KillPID(ctx, r.pid, syscall.SIGSTOP); err != nil {
		return err
	}
	return r.node.awaitStopped(ctx, r.pid)
}

// Resume lets a paused registry go on.
func (r *Registry) Resume(ctx context.Context) error {
	return r.node.KillPID(ctx, r.pid, syscall.SIGCONT)
}

// Close ends the registry: connections are refused from then on, until Open. One that is gone already is success.
func (r *Registry) Close(ctx context.Context) error {
	if !r.node.runs(r.pid) {
		return nil
	}
	if err := r.node.KillPID(ctx, r.pid, syscall.SIGKILL); err != nil {
		return err
	}
	return Await(ctx, "end of the registry on "+r.node.Name, func() error {
		if r.node.runs(r.pid) {
			return errors.New("still running")
		}
		return nil
	})
}

// registryConfig writes the password file, where there is a user, and returns the configuration.
func registryConfig(dir, port string, opts RegistryOptions) ([]byte, error) {
	config := map[string]any{
		"version": "0.1",
		"log":     map[string]any{"level": "warn"},
		"storage": map[string]any{
			"filesystem": map[string]any{"rootdirectory": filepath.Join(dir, "images")},
			"delete":     map[string]any{"enabled": true},
		},
		"http": map[string]any{"addr": ":" + port},
	}
	if opts.User != "" {
		hash, err := bcrypt(opts.Password)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, "htpasswd")
		if err := os.WriteFile(path, []byte(opts.User+":"+hash+"\n"), 0o600); err != nil {
			return nil, err
		}
		config["auth"] = map[string]any{"htpasswd": map[string]any{"realm": "lab", "path": path}}
	}
	return json.MarshalIndent(config, "", "\t") // JSON is YAML
}

// bcrypt hashes a password as docker-registry wants it, with the C library's crypt(3) by way of perl, which every Debian
// has. The salt is fixed and the cost the lowest: these passwords guard nothing.
func bcrypt(password string) (string, error) {
	cmd := exec.Command(tool("perl"), "-e", `chomp(my $p = <STDIN>); print crypt($p, q($2b$04$abcdefghijklmnopqrstuu))`)
	cmd.Stdin = strings.NewReader(password + "\n")
	hash, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(hash), "$2b$") {
		return "", fmt.Errorf("hash the registry's password: crypt(3) gave %q (%v)", hash, err)
	}
	return string(hash), nil
}
