package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/report"
	"foster/report/metrics"
	"foster/state"
)

// measures is what was measured: verb and class, and how often.
func measures(t *testing.T, calls *metrics.Calls) map[string]string {
	t.Helper()
	answer := httptest.NewRecorder()
	metrics.New(metrics.Config{Board: report.NewBoard(report.Config{}, state.State{}), Calls: calls}).Handler().
		ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	found := map[string]string{}
	for line := range strings.Lines(answer.Body.String()) {
		var class, verb, count string
		if rest, ok := strings.CutPrefix(line, `foster_engine_call_duration_seconds_count{class="`); ok {
			class, rest, _ = strings.Cut(rest, `",verb="`)
			verb, count, _ = strings.Cut(rest, `"} `)
			found[verb+" "+class] = strings.TrimSpace(count)
		}
	}
	return found
}

// TestMeasuredVerbs: each question that the program has for an engine is told
// from the others.
func TestMeasuredVerbs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(upgrading))
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	unmeasured := map[string]bool{"Close": true, "ClientVersion": true, "ContainerExecAttach": true}
	methods := reflect.TypeFor[Engine]()
	seen := map[string]string{}
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		if unmeasured[name] {
			continue
		}
		calls := metrics.NewCalls()
		engine, err := newMeasuredEngine(outside{}, calls)
		if err != nil {
			t.Fatal(err)
		}
		method := reflect.ValueOf(engine).MethodByName(name)
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for k := 1; k < method.Type().NumIn() && (k < method.Type().NumIn()-1 || !method.Type().IsVariadic()); k++ {
			arg := reflect.New(method.Type().In(k)).Elem()
			switch {
			case arg.Kind() == reflect.String:
				arg.SetString("x")
			case arg.Type() == reflect.TypeFor[*container.Config]():
				arg.Set(reflect.ValueOf(&container.Config{}))
			}
			args = append(args, arg)
		}
		answer := method.Call(args)
		if name == "Events" {
			<-answer[1].Interface().(<-chan error)
		}
		verbs := measures(t, calls)
		if name != "Ping" && name != "NegotiateAPIVersion" {
			delete(verbs, "ping ok") // how the version is found out
		}
		if len(verbs) != 1 || verbs["other not_found"] != "" {
			t.Errorf("%s is measured as %v", name, verbs)
		}
		for verb := range verbs {
			if other := seen[verb]; other != "" && verb != "ping ok" {
				t.Errorf("%s and %s are both measured as %s", name, other, verb)
			}
			seen[verb] = name
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(seen) < 28 {
		t.Errorf("%d verbs only: %v", len(seen), seen)
	}
}

// upgrading answers a ping, and takes over the connection of an exec that is
// attached to: it says hello on it.
func upgrading(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/_ping"):
		w.Header().Set("Api-Version", "1.47")
	case strings.HasSuffix(r.URL.Path, "/exec/e/start"):
		_, _ = io.Copy(io.Discard, r.Body) // the client is still writing it
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello\n")
		_ = conn.Close()
	default:
		http.NotFound(w, r)
	}
}

// TestMeasuredTransports: sockets, ports and TLS stay what they are, for calls
// and for connections that are taken over.
func TestMeasuredTransports(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(upgrading))
	t.Cleanup(plain.Close)
	socket := filepath.Join(t.TempDir(), "engine.sock")
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	local := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(upgrading)}} //nolint:gosec // a test's
	local.Start()
	t.Cleanup(local.Close)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(upgrading))
	secure.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	secure.StartTLS()
	t.Cleanup(secure.Close)
	certs := certificates(t, secure)
	for name, environ := range map[string]map[string]string{
		"unix": {"DOCKER_HOST": "unix://" + socket},
		"tcp":  {"DOCKER_HOST": "tcp://" + plain.Listener.Addr().String()},
		"tls":  {"DOCKER_HOST": "tcp://" + secure.Listener.Addr().String(), "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": certs},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range environ {
				t.Setenv(k, v)
			}
			calls := metrics.NewCalls()
			engine, err := newMeasuredEngine(outside{}, calls)
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			if _, err := engine.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			attached, err := engine.ContainerExecAttach(t.Context(), "e", container.ExecAttachOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer attached.Close()
			if line, err := bufio.NewReader(attached.Reader).ReadString('\n'); err != nil || line != "hello\n" {
				t.Errorf("the connection says %q, %v", line, err)
			}
			if got := measures(t, calls)["ping ok"]; got == "" {
				t.Errorf("measured were %v", measures(t, calls))
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := engine.ContainerInspect(ctx, "x"); err == nil {
				t.Error("a canceled call succeeded")
			}
			if got := measures(t, calls)["container_inspect canceled"]; got != "1" {
				t.Errorf("measured were %v", measures(t, calls))
			}
		})
	}
}

// certificates is a DOCKER_CERT_PATH for a server of httptest's: its own
// certificate is the authority and the client's too.
func certificates(t *testing.T, server *httptest.Server) string {
	t.Helper()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, content := range map[string][]byte{"ca.pem": cert, "cert.pem": cert, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(fmt.Errorf("write a certificate: %w", err))
		}
	}
	return dir
}
