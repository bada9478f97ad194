package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

const patience = 20 * time.Second

// at does something with a create at a point, and passes everything else.
func at(p Point, a Action) func(Exchange) Action {
	return func(x Exchange) Action {
		if x.Point == p && x.Is("POST", "/containers/create") {
			return a
		}
		return Pass()
	}
}

const theCreate = "POST /v1.41/containers/create"

func TestPass(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	c := connect(t, r)
	var points []string
	r.Intercept(func(x Exchange) Action {
		points = append(points, fmt.Sprintf("%d %s %s %d", x.Index, x.Point, x.Path, x.Engine))
		return Pass()
	})
	if id, err := create(t.Context(), c); err != nil || !strings.HasPrefix(id, "made of ") || id == "made of 0 bytes" {
		t.Fatalf("%q, %v", id, err)
	}
	if p, err := c.Ping(t.Context()); err != nil || p.APIVersion != "1.41" {
		t.Fatalf("%+v, %v", p, err)
	}
	if got, want := strings.Join(points, ","), "0 before /containers/create 0,0 after /containers/create 201,1 before /_ping 0,1 after /_ping 200"; got != want {
		t.Errorf("points %s, want %s", got, want)
	}
	all := r.Requests()
	if len(all) != 2 || all[0].Status != http.StatusCreated || !strings.Contains(string(all[0].Body), `"Image":"x"`) || all[0].Time.After(all[1].Time) {
		t.Errorf("the record is %v", all)
	}
	if q := r.Requests(Call("HEAD", "/_ping")); len(q) != 1 || q[0].Index != 1 {
		t.Errorf("the ping is %v", q)
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name  string
		f     func(Exchange) Action
		done  int // by the engine
		lost  bool
		words string
	}{
		{"request", at(Before, Drop()), 0, true, ""},
		{"answer", at(After, Drop()), 1, true, ""},
		{"answer's body", at(After, Cut(0)), 1, true, ""},
		{"answer's end", at(Before, Cut(5)), 1, true, ""},
		{"refused before", at(Before, Answer(http.StatusConflict, "no such luck")), 0, false, "no such luck"},
		{"refused after", at(After, Answer(http.StatusInternalServerError, "no such luck")), 1, false, "no such luck"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			r := New(t, e.socket)
			r.Intercept(x.f)
			_, err := create(t.Context(), connect(t, r))
			if err == nil || x.lost != (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) || !strings.Contains(err.Error(), x.words) {
				t.Errorf("the client got %v", err)
			}
			if got := e.done(theCreate); got != x.done {
				t.Errorf("the engine carried out %d, want %d", got, x.done)
			}
			if q := r.Requests()[0]; q.Forwarded != (x.done == 1) || (q.Engine != 0) != (x.done == 1) {
				t.Errorf("the record is %+v", q)
			}
			r.Intercept(nil)
			if _, err := create(t.Context(), connect(t, r)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name  string
		f     func(Exchange) Action
		early int // carried out when the client gives up
	}{
		{"request is carried out late", at(Before, Late(10*time.Millisecond)), 0},
		{"answer comes late", at(After, Late(0)), 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			r := New(t, e.socket)
			gave := make(chan struct{})
			r.Intercept(func(q Exchange) Action {
				if q.Point == After && x.early == 1 {
					close(gave) // now it is carried out
				}
				return x.f(q)
			})
			ctx, cancel := context.WithCancel(t.Context())
			answered := make(chan error, 1)
			go func() {
				_, err := create(ctx, connect(t, r))
				answered <- err
			}()
			if x.early == 1 {
				<-gave
			} else {
				lab.Eventually(t, patience, "the request", func() error {
					if len(r.Requests()) == 0 {
						return errors.New("not yet")
					}
					return nil
				})
			}
			if got := e.done(theCreate); got != x.early {
				t.Errorf("%d are carried out while the client waits, want %d", got, x.early)
			}
			cancel()
			if err := <-answered; !errors.Is(err, context.Canceled) {
				t.Errorf("the client got %v", err)
			}
			e.awaitDone(t, theCreate, 1)
			if q := r.Requests()[0]; q.Status != 0 {
				t.Errorf("the client was given %d", q.Status)
			}
		})
	}
	t.Run("delay", func(t *testing.T) {
		t.Parallel()
		e := newEngine(t)
		r := New(t, e.socket)
		r.Intercept(at(Before, Delay(50*time.Millisecond)))
		begin := time.Now()
		if _, err := create(t.Context(), connect(t, r)); err != nil || time.Since(begin) < 50*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}

func TestTakenOver(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	c := connect(t, r)
	h, err := c.ContainerExecAttach(t.Context(), "x1", container.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := h.Conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := h.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(h.Reader); err != nil || string(got) != "heard hello" {
		t.Errorf("%q, %v", got, err)
	}
	// The relay's end ends one that nobody else ends.
	open, err := c.ContainerExecAttach(t.Context(), "x2", container.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(open.Reader); err != nil {
		t.Error(err)
	}
}

// TestClose: a relay that ends takes along what hangs.
func TestClose(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	r := New(t, e.socket)
	c := connect(t, r)
	r.Intercept(at(Before, Delay(time.Hour)))
	answered := make(chan error, 1)
	go func() {
		_, err := create(t.Context(), c)
		answered <- err
	}()
	b := subscribe(t, r, "0")
	r.Flood(5000) // nobody reads: it hangs as well
	lab.Eventually(t, patience, "the create", func() error {
		if len(r.Requests(Call("POST", "/containers/create"))) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-answered; err == nil {
		t.Error("the create has an answer")
	}
	if _, err := io.Copy(io.Discard, b); err == nil {
		t.Error("the stream has an end")
	}
	if e.done(theCreate) != 0 {
		t.Error("the engine got the create")
	}
}
