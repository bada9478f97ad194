package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"foster/report"
	"foster/test/lab"
)

// asker asks a foster over HTTP, and streams its answers until the context ends.
type asker func(ctx context.Context, path string) (io.ReadCloser, error)

// counts are the samples of a scrape that are asked for, all of which must be there.
func (a asker) counts(t testing.TB, samples ...string) map[string]string {
	t.Helper()
	body, err := a(t.Context(), "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	found := map[string]string{}
	for lines := bufio.NewScanner(body); lines.Scan(); {
		for _, s := range samples {
			if v, ok := strings.CutPrefix(lines.Text(), s+" "); ok {
				found[s] = v
			}
		}
	}
	if len(found) != len(samples) {
		t.Errorf("the scrape has %v of %v", found, samples)
	}
	return found
}

// awaits waits for an entry of a kind on the stream of events, and returns what
// the stream had before it and with it.
func awaits(stream *bufio.Scanner, kind string) (entries []report.Entry, err error) {
	event := ""
	for stream.Scan() {
		name, value, _ := strings.Cut(stream.Text(), ": ")
		if name == "event" {
			event = value
		}
		if name != "data" || event != "entry" {
			continue
		}
		var e report.Entry
		if err := json.Unmarshal([]byte(value), &e); err != nil {
			return entries, fmt.Errorf("%w: %s", err, value)
		}
		if entries = append(entries, e); e.Kind == kind {
			return entries, nil
		}
	}
	return entries, errors.Join(errors.New("the stream ended"), stream.Err())
}

// oneRecovery kills the child of a foster that is asked over HTTP, and sees that
// told once by everything there is to ask.
func (w *world) oneRecovery(ask asker, want want) {
	t := w.t
	t.Helper()
	const (
		recovered = `foster_recoveries_total{cause="died",outcome="recovered"}`
		faults    = `foster_child_faults_total{child="` + childName + `"}`
		up        = `foster_child_up{child="` + childName + `"}`
		took      = `foster_recovery_duration_seconds_count{did="recreated"}`
		creates   = `foster_engine_call_duration_seconds_count{class="ok",verb="container_create"}`
	)
	samples := []string{recovered, faults, up, took, creates}
	before := w.awaitWhole(want)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	events, err := ask(ctx, "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	stream := bufio.NewScanner(events)
	stream.Buffer(nil, 1<<20)
	if _, err := awaits(stream, "launched"); err != nil {
		t.Fatal(err)
	}
	if got := ask.counts(t, samples...); got[recovered] != "0" || got[faults] != "0" || got[up] != "1" || got[took] != "0" || got[creates] != "1" {
		t.Errorf("before the kill: %v", got)
	}
	w.docker("kill", before.ID)
	entries, err := awaits(stream, "recovered")
	if err != nil || len(entries) != 2 || entries[0].Kind != "fault" || entries[0].Code != 137 || entries[1].Down <= 0 {
		t.Errorf("the stream tells %+v, %v", entries, err)
	}
	w.awaitWhole(want, newer(before))
	if got := ask.counts(t, samples...); got[recovered] != "1" || got[faults] != "1" || got[up] != "1" || got[took] != "1" || got[creates] != "2" {
		t.Errorf("after the kill: %v", got)
	}
}

// command is the output of a command as it comes; Close ends the command.
type command struct {
	io.ReadCloser
	cmd *exec.Cmd
}

func (c command) Close() error {
	_ = c.cmd.Process.Kill() // ended already is as well
	_ = c.cmd.Wait()
	return nil
}

// output runs the docker CLI.
func (w *world) output(ctx context.Context, args ...string) (io.ReadCloser, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = w.Env()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return command{out, cmd}, cmd.Start()
}

// TestHTTPContainer: a foster in a container, asked over its network by another.
func TestHTTPContainer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	ext := w.externalNetwork("ext")
	client := w.name("client")
	w.docker("run", "--detach", "--init", "--name", client, "--network", ext, lab.BusyboxImage, "sleep", "600")
	f := w.fosterContainer([]string{"--network", ext}, "LAUNCH_EXT_NETWORKS="+ext, "FOSTER_LISTEN=:9180")
	f.awaitSaid("serving HTTP", "listen=:9180")
	w.oneRecovery(func(ctx context.Context, path string) (io.ReadCloser, error) {
		return w.output(ctx, "exec", client, "wget", "-q", "-O", "-", "http://"+f.container+":9180"+path)
	}, wanted(ext))
	f.stop()
	w.docker("rm", "--force", client)
	w.nothingLeft()
}

// TestHTTPSocket: a foster outside of containers, asked over a unix socket,
// which goes with it.
func TestHTTPSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	path := filepath.Join(t.TempDir(), "http.sock")
	f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_LISTEN=unix://"+path)
	f.awaitSaid("serving HTTP")
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	w.oneRecovery(func(ctx context.Context, path string) (io.ReadCloser, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://foster"+path, nil)
		if err != nil {
			return nil, err
		}
		resp, err := transport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		return resp.Body, nil
	}, wanted(w.net("front")))
	f.stop()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	w.nothingLeft()
}
