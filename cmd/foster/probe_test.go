package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestProbe(t *testing.T) {
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/sick", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/slow", func(http.ResponseWriter, *http.Request) { <-release })
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(release)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	free.Close()
	socket := filepath.Join(t.TempDir(), "s")
	local, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	unix := &httptest.Server{Listener: local, Config: &http.Server{Handler: mux}}
	unix.Start()
	defer unix.Close()
	listening := server.Listener.Addr().String()

	cases := []struct {
		args []string
		code int
	}{
		{[]string{"probe", server.URL + "/ok"}, 0},
		{[]string{"probe", "-f", server.URL + "/moved"}, 0},
		{[]string{"probe", "-fsS", "-m", "5", "-o", "/dev/null", server.URL + "/ok"}, 0},
		{[]string{"probe", "-f", server.URL + "/sick"}, probeFailed},
		{[]string{"probe", "--timeout", "100ms", server.URL + "/slow"}, probeRefused},
		{[]string{"probe", "http://" + nobody}, probeRefused},
		{[]string{"probe", "-f", listening + "/ok"}, 0},
		{[]string{"probe", "tcp://" + listening}, 0},
		{[]string{"probe", "tcp://" + nobody}, probeRefused},
		{[]string{"probe", "unix://" + socket}, 0},
		{[]string{"probe", "unix://" + socket + ".gone"}, probeRefused},
		{[]string{"probe", "--unix-socket", socket, "http://localhost/ok"}, 0},
		{[]string{"probe", "--unix-socket", socket, "http://localhost/sick"}, probeFailed},
		{[]string{"probe", "--unix-socket", socket + ".gone", "http://localhost/ok"}, probeRefused},
		{[]string{"probe", "tcp://" + listening + "/ok"}, exitConfig},
		{[]string{"probe", "tcp://host"}, exitConfig},
		{[]string{"probe", "unix://host/path"}, exitConfig},
		{[]string{"probe", "ftp://user:hunter2@host/"}, exitConfig},
		{[]string{"probe", "http://user:hunter2@host\x7f/"}, exitConfig},
		{[]string{"probe", "--timeout", "0s", server.URL + "/ok"}, exitConfig},
		{[]string{"probe", "--timeout", "-1s", server.URL + "/ok"}, exitConfig},
		{[]string{"probe"}, exitConfig},
	}
	for _, c := range cases {
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := execute(ctx, outside{args: c.args, stdout: &out, stderr: &out})
		cancel()
		if code := exitCode(err, &out); code != c.code {
			t.Errorf("%v: exit %d (%s), want %d", c.args, code, out.String(), c.code)
		}
		if strings.Contains(out.String(), "hunter2") {
			t.Errorf("%v shows a password: %s", c.args, out.String())
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestExitCode(t *testing.T) {
	var out bytes.Buffer
	if code := exitCode(errors.New("x"), &out); code != exitFailure || out.String() != "foster: x\n" {
		t.Errorf("%d %q", code, out.String())
	}
	out.Reset()
	if code := exitCode(&exitError{Code: 3}, &out); code != 3 || out.String() != "" {
		t.Errorf("%d %q: the log has said it all", code, out.String())
	}
}
