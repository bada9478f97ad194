package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"foster/test/engine"
)

// TestNotifications: the whole program against a real server: a fault, its
// recovery, and the end, each told once; and the address in no line of the log.
func TestNotifications(t *testing.T) {
	got := make(chan string, 16)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- string(raw)
	}))
	defer server.Close()
	next := func() (m struct{ Kind, Cause, Did, Summary, Project string }) {
		t.Helper()
		select {
		case raw := <-got:
			if err := json.Unmarshal([]byte(raw), &m); err != nil {
				t.Fatalf("%v in %s", err, raw)
			}
		case <-time.After(time.Minute):
			t.Fatal("no notification within a minute")
		}
		return m
	}
	p := start(t, "28.0", append(twoNetworks, "FOSTER_WEBHOOK_URL="+server.URL+"/s3cret", "FOSTER_MAX_ATTEMPTS=1")...)
	p.whole(1)
	if err := p.engine.Kill("p-web-1"); err != nil {
		t.Fatal(err)
	}
	if m := next(); m.Kind != "fault" || m.Cause != "died" || m.Project != "p" {
		t.Errorf("first came %+v", m)
	}
	if m := next(); m.Kind != "recovered" || m.Did != "recreated" {
		t.Errorf("then came %+v", m)
	}
	if err := p.engine.Kill("p-web-1"); err != nil {
		t.Fatal(err)
	}
	why, last := next(), next()
	if why.Kind == "gave-up" {
		why, last = last, why // the end came before the fault was sent: errors go first
	}
	if why.Kind != "fault" || last.Kind != "gave-up" || !strings.Contains(last.Summary, "the attempts are spent") {
		t.Errorf("then came %+v and %+v", why, last)
	}
	if code := p.exit(time.Minute); code != 137 {
		t.Errorf("exit code %d", code)
	}
	p.toldAll(got)
}

// toldAll: the receiver has got nothing more, and the log has nothing of its address.
func (p *program) toldAll(got <-chan string) {
	p.t.Helper()
	if len(got) > 0 {
		p.t.Errorf("one more notification: %s", <-got)
	}
	if strings.Contains(p.out.String(), "s3cret") {
		p.t.Errorf("the log has the address:\n%s", p.out.String())
	}
}

// whole waits, by the real clock, until the engine has been asked for so many
// containers and the last one runs.
func (p *program) whole(made int) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if p.engine.Count(engine.ContainerCreate) == made && strings.Contains(p.out.String(), "the child is whole") {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("not whole within a minute\n%s", p.out.String())
		}
	}
}

// TestNotificationsHoldNothingUp: with a server that takes no connection the
// recovery takes as long as without any.
func TestNotificationsHoldNothingUp(t *testing.T) {
	recovery := func(more ...string) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			p := start(t, "28.0", append(twoNetworks, more...)...)
			time.Sleep(time.Minute)
			began := time.Now()
			if err := p.engine.Kill("p-web-1"); err != nil {
				t.Fatal(err)
			}
			for !strings.Contains(p.out.String(), "recovered: the child is whole again") {
				time.Sleep(time.Millisecond)
				if time.Since(began) > time.Hour {
					t.Fatal(p.out.String())
				}
			}
			took = time.Since(began)
			p.signals <- syscall.SIGTERM
			if code := p.exit(time.Minute); code != 0 {
				t.Errorf("exit code %d", code)
			}
			p.nothingLeft()
		})
		return took
	}
	without := recovery()
	with := recovery("FOSTER_WEBHOOK_URL=http://127.0.0.1:1/nobody-listens")
	if with != without {
		t.Errorf("a recovery takes %s with notifications, %s without", with, without)
	}
}

// TestBadNotifications: one clear line for each, nothing of the address in it.
func TestBadNotifications(t *testing.T) {
	for variable, want := range map[string]string{
		"FOSTER_WEBHOOK_URL=hooks/s3cret":               "FOSTER_WEBHOOK_URL: is not an address",
		"FOSTER_WEBHOOK_URL=ftp://hooks/s3cret":         "FOSTER_WEBHOOK_URL: is not an http or https address",
		`FOSTER_WEBHOOK_TEMPLATE={"text": "${sumary}"}`: "FOSTER_WEBHOOK_TEMPLATE: has no field ${sumary}",
		`FOSTER_WEBHOOK_TEMPLATE={"text": ${summary}}`:  "FOSTER_WEBHOOK_TEMPLATE: is not JSON once its fields are filled in",
		`FOSTER_WEBHOOK_TEMPLATE={"text": "${summary"}`: "FOSTER_WEBHOOK_TEMPLATE: is not a template",
	} {
		p := &program{t: t, code: make(chan int, 1)}
		p.launch(memory{}, append(twoNetworks, variable))
		if code := p.exit(time.Minute); code != exitConfig {
			t.Errorf("%s: exit code %d", variable, code)
		}
		if out := p.out.String(); !strings.Contains(out, want) || strings.Contains(out, "s3cret") || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %q, want one line with %q", variable, out, want)
		}
	}
}
