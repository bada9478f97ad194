package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles: where secrets and configs go, and as whose.
func TestFiles(t *testing.T) {
	secret := write(t, "secret", "from a file\n")
	result, err := loadFile(t, fmt.Sprintf(`
services:
  web:
    image: x
    secrets:
      - plain
      - {source: plain, target: named, uid: "5", gid: "6", mode: 0440}
      - {source: variable, target: /abs/../var}
    configs:
      - inline
      - {source: inline, target: etc/inline}
      - empty
secrets:
  plain: {file: %s}
  variable: {environment: TOKEN}
configs:
  inline: {content: "name=${NAME} $$5"}
  empty: {environment: EMPTY}
`, secret), "TOKEN=hunter2", "NAME=me", "EMPTY=")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range result.Project.Children[0].Files {
		got = append(got, fmt.Sprintf("%s %d:%d %o %q %s", f.Path, f.UID, f.GID, f.Mode, f.Content, f.Sum[:6]))
	}
	want := `/etc/inline 0:0 444 "name=me $5" 7fac8f
/inline 0:0 444 "name=me $5" 7fac8f
/run/secrets/named 5:6 440 "from a file\n" 186dbb
/run/secrets/plain 0:0 444 "from a file\n" 186dbb
/var 0:0 444 "hunter2" f52fbd`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if text, err := json.Marshal(result.Project); err != nil || strings.Contains(string(text), "hunter2") || strings.Contains(string(text), "name=me") {
		t.Errorf("the project shows a secret, or %v", err)
	}
	if text, err := result.Marshal(FormatYAML); err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("the document shows a secret, or %v", err)
	}
}

// TestFilesInHash: another content, owner or place makes another container.
func TestFilesInHash(t *testing.T) {
	file := filepath.Join(t.TempDir(), "docker-compose.yml")
	hash := func(how, token string) string {
		document := "services:\n  web: {image: x, secrets: [{source: s" + how + "}]}\nsecrets: {s: {environment: TOKEN}}\n"
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		result, err := loadFile(t, file, "TOKEN="+token)
		if err != nil {
			t.Fatal(err)
		}
		return result.Project.Children[0].Hash
	}
	base := hash("", "a")
	if hash("", "a") != base {
		t.Error("the same, another hash")
	}
	for name, other := range map[string]string{"content": hash("", "b"), "uid": hash(", uid: '1'", "a"), "mode": hash(", mode: 0400", "a"), "target": hash(", target: t", "a")} {
		if other == base {
			t.Errorf("%s is not in the hash", name)
		}
	}
}

func TestFilesRefused(t *testing.T) {
	large := write(t, "large", strings.Repeat("x", maxFile+1))
	for want, text := range map[string]string{
		"secrets.s: there is no such file":       "services:\n  web: {image: x, secrets: [s]}\nsecrets: {s: {file: /no/such}}",
		"secrets.s: the file cannot be read":     "services:\n  web: {image: x, secrets: [s]}\nsecrets: {s: {file: " + filepath.Dir(large) + "}}",
		"secrets.s: larger than 500 KiB":         "services:\n  web: {image: x, secrets: [s]}\nsecrets: {s: {file: " + large + "}}",
		"configs.c: the variable":                "services:\n  web: {image: x, configs: [c]}\nconfigs: {c: {environment: NOT_SET}}",
		"secrets.s: the variable":                "services:\n  web: {image: x, secrets: [s]}\nsecrets: {s: {environment: NOT_SET}}",
		"secrets.s.external: foster cannot":      "services:\n  web: {image: x, secrets: [s]}\nsecrets: {s: {external: true}}",
		"services.web.secrets[0]: \"me\" is not": "services:\n  web: {image: x, secrets: [{source: s, uid: me}]}\nsecrets: {s: {environment: ONE}}",
		"services.web.secrets[0]: the mode":      "services:\n  web: {image: x, secrets: [{source: s, mode: 0100000}]}\nsecrets: {s: {environment: ONE}}",
		"services.web.configs[0]: the target":    "services:\n  web: {image: x, configs: [{source: c, target: /}]}\nconfigs: {c: {content: a}}",
		"services.web.configs[0]: another one":   "services:\n  web: {image: x, configs: [{source: c, target: /run//secrets/s}], secrets: [s]}\nconfigs: {c: {content: a}}\nsecrets: {s: {environment: ONE}}",
		"services.web.secrets[0]: the service":   "services:\n  web: {image: x, read_only: true, secrets: [s]}\nsecrets: {s: {environment: ONE}}",
		"services.web.secrets[0]: /run/secrets":  "services:\n  web: {image: x, tmpfs: /run, secrets: [s]}\nsecrets: {s: {environment: ONE}}",
		"services.web.configs[0]: /a/b lies":     "services:\n  web: {image: x, volumes: ['/x:/a:ro'], configs: [{source: c, target: /a/b}]}\nconfigs: {c: {content: a}}",
		"services.web.configs[0]: /dev/b lies":   "services:\n  web: {image: x, configs: [{source: c, target: /dev/b}]}\nconfigs: {c: {content: a}}",
	} {
		_, err := loadFile(t, text+"\n", "ONE=1")
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || !strings.HasPrefix(problems[0].Value+": "+problems[0].What, want) || problems[0].Mend == "" {
			t.Errorf("%s: %v", want, err)
		}
	}
	result, err := loadFile(t, "services:\n  web: {image: x, tmpfs: /a, volumes: ['/x:/a/b'], configs: [{source: c, target: /a/b/c}]}\nconfigs: {c: {content: a}}\n")
	if err != nil || len(result.Warnings) != 1 || !strings.Contains(result.Warnings[0], "stays there") {
		t.Errorf("%v, %v", err, result)
	}
}
