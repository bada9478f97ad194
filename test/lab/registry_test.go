package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"

	"foster/test/lab"
)

// pull pulls to the end, and returns an error of the stream too.
func pull(ctx context.Context, n *lab.Node, ref, auth string) error {
	out, err := n.Client().ImagePull(ctx, ref, image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return err
	}
	defer out.Close()
	lines := json.NewDecoder(out)
	for {
		var line struct{ Error string }
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if line.Error != "" {
			return errors.New(line.Error)
		}
	}
}

func TestRegistry(t *testing.T) {
	l := lab.New(t, lab.Options{Nodes: 2})
	n, ctx := l.Node(1), within(t, 20*time.Second)
	open, err := n.Registry(ctx, lab.RegistryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	locked, err := n.Registry(ctx, lab.RegistryOptions{User: "ci", Password: "s3 cret'"})
	if err != nil {
		t.Fatal(err)
	}

	ref, err := open.Push(ctx, lab.BusyboxImage, "team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	mustDocker(t, n, "rmi", ref)
	if err := pull(ctx, n, ref, ""); err != nil {
		t.Errorf("pull: %v", err)
	}
	if err := pull(ctx, l.Node(2), open.WireAddr+"/team/app:1", ""); err != nil {
		t.Errorf("pull over the wire: %v", err)
	}
	if err := pull(ctx, n, open.Addr+"/team/nosuch:1", ""); err == nil {
		t.Error("pulled an image that is not there")
	}

	ref, err = locked.Push(ctx, lab.BusyboxImage, "team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := pull(ctx, n, ref, locked.Auth()); err != nil {
		t.Errorf("pull with the right password: %v", err)
	}
	if err := pull(ctx, n, ref, ""); err == nil {
		t.Error("pulled without a password")
	}

	// A pull from a paused registry hangs until somebody gives up; afterwards it works as before.
	if err := open.Pause(ctx); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := pull(short, n, open.Addr+"/team/app:1", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("pull from a paused registry: %v", err)
	}
	if err := open.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if err := pull(ctx, n, open.Addr+"/team/app:1", ""); err != nil {
		t.Errorf("pull after the pause: %v", err)
	}
	if err := open.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := open.Close(ctx); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := pull(ctx, n, open.Addr+"/team/app:1", ""); err == nil {
		t.Error("pulled from a registry that is gone")
	}
	if err := open.Open(ctx); err != nil {
		t.Fatal(err)
	}
	if err := pull(ctx, n, open.Addr+"/team/app:1", ""); err != nil {
		t.Errorf("pull after the registry is back: %v", err)
	}
}

// TestListen: a server of this process is met at an address inside the node, and at no other.
func TestListen(t *testing.T) {
	n, ctx := lab.New(t, lab.Options{}).Node(1), within(t, 20*time.Second)
	inside, err := n.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }), ReadHeaderTimeout: time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(inside) }()
	if out, err := n.Exec(ctx, "busybox", "wget", "-q", "-O", "-", "http://"+inside.Addr().String()+"/"); err != nil || out != "hello" {
		t.Errorf("from inside: %q, %v", out, err)
	}
	if conn, err := net.Dial("tcp", inside.Addr().String()); err == nil {
		conn.Close()
		t.Error("it is met from outside too")
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	if _, err := n.Listen(ctx, "tcp", "203.0.113.1:80"); err == nil {
		t.Error("it listens at an address that the node does not have")
	}
}
