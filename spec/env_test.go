package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadEnv(t *testing.T) {
	file := write(t, "image", "from/file:1\n\n")
	env, problems := ReadEnv([]string{"PATH=/bin", "LAUNCH_IMAGE_FILE=" + file, "LAUNCH_IMAGE=", "LAUNCH_LABELS=", "LAUNCH_HOSTNAME=h", "LAUNCH_NOSUCH="}, Variables)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := env.Get("LAUNCH_IMAGE"); got != "from/file:1\n" {
		t.Errorf("image %q: one newline must go, no more", got)
	}
	if env.Origin("LAUNCH_IMAGE") != "LAUNCH_IMAGE_FILE" || env.Origin("LAUNCH_HOSTNAME") != "LAUNCH_HOSTNAME" {
		t.Error("origins are wrong")
	}
	if _, set := env.Lookup("LAUNCH_LABELS"); set {
		t.Error("an empty variable counts as set")
	}
	if got := strings.Join(env.Names(), " "); got != "LAUNCH_HOSTNAME LAUNCH_IMAGE" {
		t.Errorf("names %q", got)
	}
}

func TestReadEnvPassword(t *testing.T) {
	file := write(t, "password", "s3cret\r\n")
	env, problems := ReadEnv([]string{"LOGIN_PASSWORD=other", "LOGIN_PASSWORD_FILE=" + file}, Variables)
	if len(problems) > 0 || env.Get("LOGIN_PASSWORD") != "s3cret" {
		t.Errorf("password %q, %v: the file must win", env.Get("LOGIN_PASSWORD"), problems)
	}
	env, problems = ReadEnv([]string{"LOGIN_PASSWORD_FILE=/no/such", "LAUNCH_IMAGE_FILE=/no/such"}, Variables)
	if len(problems) != 2 || !env.Broken("LOGIN_PASSWORD") || !env.Broken("LAUNCH_IMAGE") {
		t.Errorf("problems %v", problems)
	}
}

func TestReadEnvProblems(t *testing.T) {
	file := write(t, "image", "x")
	_, problems := ReadEnv([]string{
		"LAUNCH_IMAGE=a", "LAUNCH_IMAGE_FILE=" + file,
		"LAUNCH_VOLUME=/a:/b", "FOSTER_BACKOF_MAX=3s", "LAUNCH_ENVIRONMENT=PASSWORD=hunter2", "LAUNCH_QQQQQQQQQQ=1", "LAUNCH_IMGE_FILE=x", "LOGIN_WHATEVER=1",
	}, append(Variables, Variable{Name: "FOSTER_BACKOFF_MAX"}))
	text := problems.Error()
	for _, want := range []string{
		"LAUNCH_IMAGE_FILE=", "set together with LAUNCH_IMAGE", "did you mean LAUNCH_VOLUMES?", "did you mean FOSTER_BACKOFF_MAX?",
		"did you mean LAUNCH_ENVIRONMENTS?", "did you mean LAUNCH_IMAGE_FILE?", "LAUNCH_QQQQQQQQQQ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "hunter2") || strings.Contains(text, "LOGIN_WHATEVER") || strings.Count(text, "\n") != 5 {
		t.Errorf("problems:\n%s", text)
	}
}

func FuzzReadEnv(f *testing.F) {
	dir := f.TempDir()
	for _, s := range []string{"LAUNCH_IMAGE=x", "LAUNCH_IMAGE_FILE=/dev/null", "LOGIN_PASSWORD_FILE_FILE=x", "LAUNCH__FILE=", "FOSTER_=1", "=", "LAUNCH_IMAGE"} {
		f.Add(s, "content\n")
	}
	f.Fuzz(func(t *testing.T, entry, content string) {
		file := filepath.Join(dir, "value")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(entry, "_FILE=/") && !strings.Contains(entry, "_FILE=/dev/null") {
			return // the fuzzer may not read the machine's files
		}
		env, problems := ReadEnv([]string{entry, "LAUNCH_COMMAND_FILE=" + file}, Variables)
		if got := env.Get("LAUNCH_COMMAND"); got != "" && strings.TrimRight(got, "\r\n") != strings.TrimRight(content, "\r\n") {
			t.Errorf("read %q of %q", got, content)
		}
		for _, p := range problems {
			if strings.Contains(p.String(), "\n") {
				t.Errorf("a problem of two lines: %q", p)
			}
		}
	})
}

func TestNearest(t *testing.T) {
	names := []string{"LAUNCH_IMAGE", "LAUNCH_VOLUMES", "LAUNCH_DNS", "LAUNCH_DNS_SEARCH"}
	for in, want := range map[string]string{"LAUNCH_VOLUME": "LAUNCH_VOLUMES", "LAUNCH_IMGAE": "LAUNCH_IMAGE", "LAUNCH_DSN": "LAUNCH_DNS", "X": "", "LAUNCH_COMPLETELY_ELSE": ""} {
		if got := Nearest(in, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", in, got, want)
		}
	}
	if got := slips("abcd", "acbd"); got != 1 {
		t.Errorf("a swap is %d slips", got)
	}
}

func FuzzNearest(f *testing.F) {
	f.Add("LAUNCH_VOLUME", "LAUNCH_VOLUMES")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 200 {
			return
		}
		d := slips(a, b)
		if d != slips(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Errorf("slips(%q, %q) = %d", a, b, d)
		}
		if Nearest(a, []string{a, b}) != a {
			t.Errorf("%q is not nearest to itself", a)
		}
	})
}
