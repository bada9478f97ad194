package e2e

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"foster/test/lab"
)

// filesStack has secrets and configs from every source, in the child's own file
// system and in volumes. The child's first act is to read one; its user has no
// name, which engines take amiss when they are asked for its numbers.
const filesStack = `
services:
  child:
    image: ` + childImage + `
    user: "1000:1000"
    entrypoint: [sh, -c, "cat /run/secrets/env >/tmp/seen; exec /bin/child"]
    volumes: ["named:/srv"]
    secrets:
      - env
      - {source: file, target: /etc/deep/er/key, uid: "1000", gid: "7", mode: 0400}
    configs:
      - {source: text, target: /data/app.conf, uid: "5", mode: 0640}
      - {source: bytes, target: /srv/sub/bytes}
secrets:
  env: {environment: E2E_SECRET}
  file: {file: ./key}
configs:
  text: {content: "name = ${E2E_NAME}\n"}
  bytes: {file: ./bytes}
volumes:
  named:
`

// TestFiles: secrets and configs are in the child before its first process is,
// as they were asked for, in each new child again, and nowhere else.
func TestFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	dir := t.TempDir()
	secret, key, raw := w.project+"-from-the-environment", w.project+"-from-a-file", "\x00\xff"+strings.Repeat("x", 1<<17)
	for name, text := range map[string]string{"compose.yaml": filesStack, "key": key, "bytes": raw} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := w.composedAt(filepath.Join(dir, "compose.yaml"), "E2E_SECRET="+secret, "E2E_NAME="+w.project)
	inside := func(c container.InspectResponse) error {
		got, err := w.Docker(t.Context(), "exec", "--user", "0", c.ID, "sh", "-c",
			"cd /; stat -c '%n %a %u %g' run/secrets/env etc/deep etc/deep/er etc/deep/er/key data/app.conf srv/sub srv/sub/bytes; cat /tmp/seen /etc/deep/er/key /data/app.conf; md5sum <srv/sub/bytes")
		if err != nil {
			return err
		}
		want := strings.Join([]string{
			"run/secrets/env 444 0 0", "etc/deep 755 0 0", "etc/deep/er 755 0 0", "etc/deep/er/key 400 1000 7",
			"data/app.conf 640 5 0", "srv/sub 755 0 0", "srv/sub/bytes 444 0 0",
			secret + key + "name = " + w.project, md5Of(raw) + "  -",
		}, "\n")
		if got != want {
			return fmt.Errorf("inside is\n%s\nwant\n%s", got, want)
		}
		return nil
	}
	first := w.awaitRuns(childName, inside)
	f.awaitSaid("launched")
	w.docker("kill", first.ID)
	second := w.awaitRuns(childName, newer(first), inside)

	root := w.docker("info", "--format", "{{.DockerRootDir}}")
	onDisk := func() string {
		// Files of others come and go meanwhile: only what it finds counts.
		found, _ := w.Exec(t.Context(), "grep", "--recursive", "--files-with-matches", "--fixed-strings", "--regexp="+secret, "--regexp="+key, root)
		return found
	}
	if found := onDisk(); !strings.Contains(found, "/run/secrets/env") || !strings.Contains(found, "/etc/deep/er/key") {
		t.Errorf("on the engine's disk, while the child runs: %q", found)
	}
	shown := w.docker("inspect", second.ID)
	f.stop()
	// A named volume stays, and what was put into it.
	if got := w.docker("run", "--rm", "--volume", w.net("named")+":/srv", lab.BusyboxImage, "ls", "/srv/sub"); got != "bytes" {
		t.Errorf("in the volume: %q", got)
	}
	w.docker("volume", "rm", w.net("named"))
	w.nothingLeft()
	w.created(2)
	if found := onDisk(); found != "" {
		t.Errorf("left on the engine's disk: %s", found)
	}
	for where, text := range map[string]string{"docker inspect": shown, "the log": f.log(), "stderr": f.stderr.String()} {
		if strings.Contains(text, secret) || strings.Contains(text, key) || strings.Contains(text, "name = "+w.project) {
			t.Errorf("%s shows the content of a file", where)
		}
	}
}

func md5Of(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }

// TestFileThatCannotBeDelivered: it is the end, the log says why, and the
// container that had been made for it is gone.
func TestFileThatCannotBeDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plainEngine(t))
	f := w.composed("services: {child: {image: '" + childImage + "', configs: [{source: c, target: /www}]}}\nconfigs: {c: {content: never-to-be-seen}}\n")
	f.ended(125, patience)
	w.nothingLeft()
	w.created(1)
	if l := f.said("giving up"); len(l) != 1 || !containsAll(l[0].text("detail"), `put secrets and configs into child "child"`, "is a directory") {
		t.Errorf("it says %v", l)
	}
	if strings.Contains(f.log()+f.stderr.String(), "never-to-be-seen") {
		t.Error("the log shows the content of a file")
	}
}
