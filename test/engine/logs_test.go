package engine

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// talker runs a container whose output the test writes.
func talker(t *testing.T, version string, tty bool, driver string) (*Engine, string) {
	t.Helper()
	e := New(Options{Version: version})
	t.Cleanup(e.Close)
	e.AddImage("app:1", Image{})
	id, err := e.Run(Container{Name: "talker", Config: &container.Config{Image: "app:1", Tty: tty}, Host: &container.HostConfig{LogConfig: container.LogConfig{Type: driver}}})
	if err != nil {
		t.Fatal(err)
	}
	return e, id
}

func tell(t *testing.T, e *Engine, source int, text string) {
	t.Helper()
	if err := e.Print("talker", source, text); err != nil {
		t.Fatal(err)
	}
}

func logsOf(t *testing.T, e *Engine, options container.LogsOptions) io.ReadCloser {
	t.Helper()
	options.ShowStdout, options.ShowStderr = true, true
	body, err := e.ContainerLogs(t.Context(), "talker", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = body.Close() })
	return body
}

func all(t *testing.T, e *Engine, options container.LogsOptions) string {
	t.Helper()
	raw, err := io.ReadAll(logsOf(t, e, options))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

const stampLength = len("2026-11-21T12:00:00.000000000Z ")

// TestLogFrames: as a real 20.10 sends them: a frame for each line, and for each
// 16 KiB of a long one, whose stamps are alike; what a run has left open is its
// last message.
func TestLogFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := talker(t, "20.10", false, "")
		long := strings.Repeat("x", 40000)
		tell(t, e, 1, long+"\n")
		tell(t, e, 2, "err\n")
		tell(t, e, 1, "ha")
		tell(t, e, 1, "lf")
		if err := e.Kill("talker"); err != nil {
			t.Fatal(err)
		}
		raw := all(t, e, container.LogsOptions{Timestamps: true})
		var sizes []int
		var stamps []string
		for rest := raw; rest != ""; {
			n := int(rest[6])<<8 | int(rest[7])
			sizes = append(sizes, n-stampLength)
			stamps = append(stamps, rest[8:8+stampLength])
			rest = rest[8+n:]
		}
		if !slices.Equal(sizes, []int{16384, 16384, 40001 - 2*16384, 4, 4}) || stamps[0] != stamps[1] || stamps[1] != stamps[2] || stamps[2] == stamps[3] {
			t.Errorf("frames of %v, stamps %q", sizes, stamps)
		}
		var out, errs bytes.Buffer
		if _, err := stdcopy.StdCopy(&out, &errs, strings.NewReader(all(t, e, container.LogsOptions{}))); err != nil {
			t.Fatal(err)
		}
		if out.String() != long+"\nhalf" || errs.String() != "err\n" {
			t.Errorf("stdout of %d bytes, stderr %q", out.Len(), errs.String())
		}
	})
}

// TestLogOfTerminal: no frames, both sources in one, carriage returns, and the
// stamp in front of each message.
func TestLogOfTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := talker(t, "28.0", true, "")
		long := strings.Repeat("x", 16384)
		tell(t, e, 1, long+"y\n")
		tell(t, e, 2, "err\n")
		raw := all(t, e, container.LogsOptions{Timestamps: true})
		stamp := raw[:stampLength]
		if !strings.HasPrefix(raw, stamp+long+stamp+"y\r\n") || !strings.HasSuffix(raw, " err\r\n") {
			t.Errorf("got %d bytes, the end is %q", len(raw), raw[len(raw)-60:])
		}
	})
}

// TestLogWindows: tail, since, and what was rotated away.
func TestLogWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := talker(t, "28.0", true, "")
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			tell(t, e, 1, line)
			time.Sleep(time.Second)
		}
		since := time.Now().Add(-1500 * time.Millisecond).Format(time.RFC3339Nano)
		for want, options := range map[string]container.LogsOptions{
			"one\r\ntwo\r\nthree\r\n": {Tail: "all"}, "two\r\nthree\r\n": {Tail: "2"}, "three\r\n": {Since: since},
		} {
			if got := all(t, e, options); got != want {
				t.Errorf("%+v: got %q, want %q", options, got, want)
			}
		}
		if err := e.Rotate("talker", 1); err != nil {
			t.Fatal(err)
		}
		if got := all(t, e, container.LogsOptions{}); got != "three\r\n" {
			t.Errorf("after a rotation: got %q", got)
		}
	})
}

// TestLogFollowed: what comes is given as it comes, to the end of the container,
// also after its removal; engines before 23.0 may miss the end.
func TestLogFollowed(t *testing.T) {
	for version, want := range map[string]string{"20.10": "one\r\n", "28.0": "one\r\ntwo\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			e, id := talker(t, version, true, "")
			body := logsOf(t, e, container.LogsOptions{Follow: true})
			read := make(chan string)
			go func() {
				raw, err := io.ReadAll(io.MultiReader(io.LimitReader(body, 5), held{read}, body))
				if err != nil {
					t.Error(err)
				}
				read <- string(raw)
			}()
			tell(t, e, 1, "one\n")
			synctest.Wait()
			tell(t, e, 1, "two\n")
			if err := e.Destroy(id); err != nil {
				t.Fatal(err)
			}
			<-read
			if got := <-read; got != want {
				t.Errorf("%s: got %q, want %q", version, got, want)
			}
		})
	}
}

// held is a reader that goes on when the test does.
type held struct{ read chan string }

func (h held) Read([]byte) (int, error) {
	h.read <- ""
	return 0, io.EOF
}

// TestLogCut: a stream breaks where it is told to, or at once.
func TestLogCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := talker(t, "28.0", true, "")
		tell(t, e, 1, "one\n")
		e.CutLogs(func() int { return 2 })
		raw, err := io.ReadAll(logsOf(t, e, container.LogsOptions{}))
		if string(raw) != "on" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %q, %v", raw, err)
		}
		e.CutLogs(func() int { return -1 })
		body := logsOf(t, e, container.LogsOptions{Follow: true})
		time.AfterFunc(time.Second, func() { e.Down(false) })
		if raw, err = io.ReadAll(body); string(raw) != "one\r\n" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %q, %v", raw, err)
		}
	})
}

// TestLogUnreadable: a driver that keeps nothing.
func TestLogUnreadable(t *testing.T) {
	e, _ := talker(t, "28.0", false, "none")
	if _, err := e.ContainerLogs(t.Context(), "talker", container.LogsOptions{}); !errdefs.IsNotImplemented(err) {
		t.Errorf("got %v", err)
	}
}
