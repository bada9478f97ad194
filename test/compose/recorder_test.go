package compose_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"
)

// recorder speaks as much of the Engine API, at any version, as it takes to make
// a project, and keeps what it was asked to make. Nothing is made.
type recorder struct {
	api  string // the version
	path string // of its socket

	mu       sync.Mutex
	requests map[string]any            // body by what it is for: "container p-x-child-1"
	have     map[string]map[string]any // what inspect answers, by kind and name
	failures []string
}

func newRecorder(t *testing.T, api string) *recorder {
	t.Helper()
	r := &recorder{api: api, path: filepath.Join(t.TempDir(), "s"), requests: map[string]any{}, have: map[string]map[string]any{}}
	for _, name := range []string{"front", "back", "dual", "bridge", "host", "none"} {
		r.have["networks/"+name] = map[string]any{"Name": name, "Id": id(name)}
	}
	r.have["volumes/kept"] = map[string]any{"Name": "kept"}
	r.have["containers/"+neighbour] = map[string]any{"Id": id(neighbour), "Name": "/" + neighbour}
	listener, err := net.Listen("unix", r.path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		wg.Wait()
		for _, f := range r.failures {
			t.Error(f)
		}
	})
	return r
}

func (r *recorder) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost("unix://"+r.path), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// containers are those that were made, as a list with a filter by labels tells of them.
func (r *recorder) containers(filters string) []any {
	var want struct {
		Label map[string]bool `json:"label"`
	}
	_ = json.Unmarshal([]byte(filters), &want)
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(r.requests)) {
		name, ok := strings.CutPrefix(key, "container ")
		if !ok {
			continue
		}
		config, _ := r.requests[key].(map[string]any)["Config"].(map[string]any)
		labels, _ := config["Labels"].(map[string]any)
		fits := true
		for label := range want.Label {
			name, value, hasValue := strings.Cut(label, "=")
			got, there := labels[name]
			fits = fits && there && (!hasValue || got == value)
		}
		if fits {
			list = append(list, map[string]any{"Id": id(name), "Names": []string{"/" + name}, "State": "created", "Labels": labels})
		}
	}
	return list
}

// told are the requests, with the names of containers in place of their IDs.
func (r *recorder) told(t *testing.T) any {
	t.Helper()
	text, err := json.Marshal(r.requests)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for key := range r.have {
		if name, ok := strings.CutPrefix(key, "containers/"); ok && name != id(name) {
			names = append(names, id(name), name)
		}
	}
	var tree any
	if err := json.Unmarshal([]byte(strings.NewReplacer(names...).Replace(string(text))), &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

// id is the ID of the object with that name.
func id(name string) string { return fmt.Sprintf("%064x", name)[:64] }

// asInspected gives the body of a create the form in which the container would
// be inspected, so that the same allowances count.
func asInspected(body map[string]any) map[string]any {
	config, out := map[string]any{}, map[string]any{"Config": nil}
	for key, value := range body {
		if key == "HostConfig" || key == "NetworkingConfig" {
			out[key] = value
		} else {
			config[key] = value
		}
	}
	out["Config"] = config
	return out
}

var versionPrefix = regexp.MustCompile(`^/v1\.\d+`)

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.Header().Set("Api-Version", r.api)
	w.Header().Set("Ostype", "linux")
	path := strings.Trim(versionPrefix.ReplaceAllString(req.URL.Path, ""), "/")
	kind, rest, _ := strings.Cut(path, "/")
	answer := func(code int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		if v != nil {
			_ = json.NewEncoder(w).Encode(v)
		}
	}
	body := map[string]any{}
	if req.Method == http.MethodPost {
		text, err := io.ReadAll(req.Body)
		if err == nil && len(text) > 0 {
			err = json.Unmarshal(text, &body)
		}
		if err != nil {
			r.failures = append(r.failures, fmt.Sprintf("%s %s: %v", req.Method, path, err))
		}
	}
	switch {
	case path == "_ping":
		answer(http.StatusOK, "OK")
	case path == "version":
		answer(http.StatusOK, map[string]any{"ApiVersion": r.api, "MinAPIVersion": "1.24", "Version": "28.0.0", "Os": "linux", "Arch": "amd64"})
	case path == "info":
		answer(http.StatusOK, map[string]any{"OSType": "linux", "Architecture": "x86_64", "Swarm": map[string]any{"LocalNodeState": "inactive"}})
	case path == "images/create": // a pull: when to do that is not of interest here
		answer(http.StatusOK, nil)
	case kind == "images" && req.Method == http.MethodGet && strings.HasSuffix(path, "/json"):
		name := strings.TrimSuffix(rest, "/json") // of the right platform, or compose would pull
		image := map[string]any{"Id": "sha256:" + id(name), "Os": "linux", "Architecture": "amd64", "Config": map[string]any{}}
		if arch, ok := strings.CutPrefix(name, "for/"); ok {
			arch, variant, _ := strings.Cut(arch, "-")
			image["Architecture"], image["Variant"] = arch, variant
		}
		answer(http.StatusOK, image)
	case path == "images/json":
		answer(http.StatusOK, []any{})
	case path == "containers/json":
		answer(http.StatusOK, r.containers(req.URL.Query().Get("filters")))
	case kind == "containers" && req.Method == http.MethodPut && strings.HasSuffix(rest, "/archive"):
		// Files: compose's create leaves them to its start. See facts.
		answer(http.StatusOK, nil)
	case kind == "containers" && strings.HasSuffix(rest, "/exec"):
		// Hooks: the same. This one has ended as soon as it begins.
		answer(http.StatusCreated, map[string]any{"Id": "hook"})
	case path == "exec/hook/start":
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, err = conn.Write([]byte("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"))
			_ = conn.Close()
		}
		if err != nil {
			r.failures = append(r.failures, fmt.Sprintf("begin a hook: %v", err))
		}
	case path == "exec/hook/json":
		answer(http.StatusOK, map[string]any{"ID": "hook", "Running": false, "ExitCode": 0, "Pid": 1})
	case path == "networks":
		var list []any
		for _, key := range slices.Sorted(maps.Keys(r.have)) {
			if strings.HasPrefix(key, "networks/") {
				list = append(list, r.have[key])
			}
		}
		answer(http.StatusOK, list)
	case rest == "create":
		name, _ := body["Name"].(string)
		if kind == "containers" {
			name = req.URL.Query().Get("name")
			body = asInspected(body)
			body["Platform"] = req.URL.Query().Get("platform")
		}
		r.requests[strings.TrimSuffix(kind, "s")+" "+name] = body
		r.have[kind+"/"+name] = map[string]any{"Id": id(name), "Name": name, "Labels": body["Labels"], "Config": map[string]any{}, "NetworkSettings": map[string]any{}}
		r.have[kind+"/"+id(name)] = r.have[kind+"/"+name]
		answer(http.StatusCreated, map[string]any{"Id": id(name), "Name": name, "Warnings": []string{}})
	case kind == "networks" && strings.HasSuffix(rest, "/connect"):
		r.requests["connect "+strings.TrimSuffix(rest, "/connect")] = body
		answer(http.StatusOK, nil)
	case kind == "containers" && strings.HasSuffix(rest, "/start"):
		answer(http.StatusNoContent, nil)
	case req.Method == http.MethodGet:
		if got, ok := r.have[kind+"/"+strings.TrimSuffix(rest, "/json")]; ok {
			answer(http.StatusOK, got)
			return
		}
		answer(http.StatusNotFound, map[string]any{"message": "no such thing"})
	default:
		r.failures = append(r.failures, "unexpected request: "+req.Method+" "+path)
		answer(http.StatusNotImplemented, map[string]any{"message": "not recorded"})
	}
}
