package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
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
	nobody := "http://" + free.Addr().String()
	free.Close()

	cases := []struct {
		args []string
		code int
	}{
		{[]string{"probe", server.URL + "/ok"}, 0},
		{[]string{"probe", "-f", server.URL + "/moved"}, 0},
		{[]string{"probe", "-fsS", "-m", "5", "-o", "/dev/null", server.URL + "/ok"}, 0},
		{[]string{"probe", "-f", server.URL + "/sick"}, probeFailed},
		{[]string{"probe", "--timeout", "100ms", server.URL + "/slow"}, probeRefused},
		{[]string{"probe", nobody}, probeRefused},
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
