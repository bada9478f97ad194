package lab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foster/test/lab"
)

// within bounds one step of a test.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestEngine(t *testing.T) {
	began := time.Now()
	l := lab.New(t, lab.Options{})
	t.Logf("one node started in %s", time.Since(began).Round(time.Millisecond))
	n := l.Node(1)

	t.Run("a killed process is an event", func(t *testing.T) {
		ctx := within(t, 10*time.Second)
		rec := n.RecordEvents(ctx)
		id := mustDocker(t, n, "run", "--detach", "--name", "c1", lab.BusyboxImage, "sleep", "600")
		start, err := rec.Wait(ctx, lab.Container("c1"), lab.Action("start"))
		if err != nil {
			t.Fatal(err)
		}
		if err := n.KillContainerProcess(ctx, "c1", syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		die, err := rec.Wait(ctx, lab.Container(id), lab.Action("die"), lab.After(start.TimeNano))
		if err != nil {
			t.Fatal(err)
		}
		if code := die.Actor.Attributes["exitCode"]; code != "137" {
			t.Errorf("exit code %s", code)
		}
		if kills := rec.All(lab.Action("kill")); len(kills) > 0 {
			t.Errorf("the engine knows of a kill that did not come from it: %v", kills)
		}
		if err := n.KillContainerProcess(ctx, "c1", syscall.SIGKILL); err == nil {
			t.Error("killed the process of a dead container")
		}
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		if m, err := rec.Wait(short, lab.Container(id), lab.Action("destroy")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an event that has not happened: %v, %v", m, err)
		}
		mustDocker(t, n, "rm", "c1")
	})

	t.Run("privileged, with high limits", func(t *testing.T) {
		got := mustDocker(t, n, "run", "--rm", "--privileged", "--ulimit", "nofile=1048576:1048576", lab.BusyboxImage,
			"grep", "CapEff", "/proc/self/status")
		plain := mustDocker(t, n, "run", "--rm", lab.BusyboxImage, "grep", "CapEff", "/proc/self/status")
		if len(got) == 0 || got == plain {
			t.Errorf("privileged: %q, plain: %q", got, plain)
		}
		mustDocker(t, n, "run", "--detach", "--name", "p1", "--cap-add", "ALL", lab.BusyboxImage, "sleep", "60")
		mustDocker(t, n, "exec", "--privileged", "p1", "true")
		if runtime := mustDocker(t, n, "inspect", "--format", "{{.HostConfig.Runtime}}", "p1"); runtime != "runc" {
			t.Errorf("the runtime is %q", runtime)
		}
		mustDocker(t, n, "rm", "--force", "p1")
	})

	t.Run("IPv6 and published ports", func(t *testing.T) {
		mustDocker(t, n, "network", "create", "--ipv6", "--subnet", "fd00:1::/64", "--subnet", "172.30.0.0/24", "six")
		mustDocker(t, n, "run", "--detach", "--init", "--name", "web", "--network", "six", "--ip6", "fd00:1::99",
			"--publish", "8080:80", lab.BusyboxImage, "httpd", "-f", "-h", "/www")
		for _, address := range []string{"127.0.0.1:8080", "[fd00:1::99]:80"} {
			lab.Eventually(t, 5*time.Second, "an answer from "+address, func() error { return get(t, n, address) })
		}
		mustDocker(t, n, "rm", "--force", "web")
	})

	t.Run("the machine's engine is out of sight, and so is everything else", func(t *testing.T) {
		ctx := within(t, 10*time.Second)
		if out, err := n.Exec(ctx, "ls", "/var/lib/docker"); err == nil && out != "" {
			t.Errorf("/var/lib/docker is not hidden: %s", out)
		}
		mustDocker(t, n, "run", "--rm", "--volume", "/var/run/docker.sock:/s", lab.BusyboxImage, "test", "-S", "/s")
		began := time.Now()
		if out, err := n.Docker(ctx, "pull", "busybox"); err == nil {
			t.Errorf("pulled from the world: %s", out)
		}
		if _, err := n.Dial(ctx, "tcp", "192.0.2.1:80"); !errors.Is(err, syscall.ENETUNREACH) {
			t.Errorf("a way out: %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the world refuses after %s: that slows every task", took)
		}
	})

	t.Run("images", func(t *testing.T) {
		ctx, dir := within(t, 20*time.Second), t.TempDir()
		dockerfile := "FROM " + lab.BusyboxImage + " AS base\nCOPY page /www/\nRUN test -s /www/page\nFROM base\nCMD [\"cat\", \"/www/page\"]\n"
		for name, content := range map[string]string{"Dockerfile": dockerfile, "page": "built\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Build(ctx, "lab/page:1", dir); err != nil {
			t.Fatal(err)
		}
		tarball := filepath.Join(dir, "page.tar")
		mustDocker(t, n, "save", "--output", tarball, "lab/page:1")
		mustDocker(t, n, "rmi", "lab/page:1")
		if err := n.Load(ctx, tarball); err != nil {
			t.Fatal(err)
		}
		if out := mustDocker(t, n, "run", "--rm", "lab/page:1"); out != "built" {
			t.Errorf("the image prints %q", out)
		}
		if err := n.Build(ctx, "lab/bad:1", dir, "--target", "nosuch"); err == nil || !strings.Contains(err.Error(), "nosuch") {
			t.Errorf("build of a stage that is not there: %v", err)
		}
	})
}

func get(t *testing.T, n *lab.Node, address string) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return err
	}
	resp, err := n.HTTP().Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && string(body) != "ok\n" {
		err = fmt.Errorf("%s: %q", resp.Status, body)
	}
	return err
}

func TestTwoLabsAtOnce(t *testing.T) {
	one, two := lab.New(t, lab.Options{}), lab.New(t, lab.Options{})
	mustDocker(t, one.Node(1), "run", "--detach", "--name", "same", lab.BusyboxImage, "sleep", "600")
	mustDocker(t, two.Node(1), "run", "--detach", "--name", "same", lab.BusyboxImage, "sleep", "600")
	a, b := mustDocker(t, one.Node(1), "info", "--format", "{{.ID}}"), mustDocker(t, two.Node(1), "info", "--format", "{{.ID}}")
	if a == b {
		t.Errorf("both engines are %s", a)
	}
	if lab.CgroupParent(one) == lab.CgroupParent(two) {
		t.Errorf("both keep cgroups in %s", lab.CgroupParent(one))
	}
}

func TestBadOptions(t *testing.T) {
	for name, opts := range map[string]lab.Options{
		"too many nodes":    {Nodes: 100},
		"too long a path":   {Dir: "/tmp/" + strings.Repeat("x", 100)},
		"a replaced place":  {Dir: "/run/lab"},
		"a used directory":  {Dir: "."},
		"an unknown option": {DockerdFlags: []string{"--no-such-flag"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := lab.Start(t.Context(), opts)
			if err == nil {
				_ = l.Close()
				t.Fatal("it started")
			}
			if name == "an unknown option" && !strings.Contains(err.Error(), "no-such-flag") {
				t.Errorf("the engine's own words are missing: %v", err)
			}
		})
	}
}
