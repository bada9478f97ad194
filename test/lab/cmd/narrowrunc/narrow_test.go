package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// narrowed runs a bundle's configuration through rewrite and returns it as plain values.
func narrowed(t *testing.T, r rights, config string) map[string]any {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(path, r.narrowBundle); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return values(t, string(raw))
}

func values(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNarrow(t *testing.T) {
	const all = uint64(1)<<41 - 1
	limit := func(string) (uint64, error) { return 20000, nil }
	const asked = `{"ociVersion":"1.0.2","big":12345678901234567890,"process":{"args":["a"],"oomScoreAdj":-500,
		"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE","CAP_NEWER"],"permitted":["CAP_SYS_RESOURCE"]},
		"rlimits":[{"type":"RLIMIT_NOFILE","hard":1048576,"soft":1024},{"type":"RLIMIT_CORE","hard":0,"soft":0}]}}`
	for name, c := range map[string]struct {
		rights rights
		want   string
	}{
		"all rights": {rights{all, limit, 0}, asked},
		"no CAP_SYS_RESOURCE": {
			rights{all &^ (1 << capSysResource), limit, -100},
			`{"ociVersion":"1.0.2","big":12345678901234567890,"process":{"args":["a"],"oomScoreAdj":-100,
			"capabilities":{"bounding":["CAP_CHOWN","CAP_NEWER"],"permitted":[]},
			"rlimits":[{"type":"RLIMIT_NOFILE","hard":20000,"soft":1024},{"type":"RLIMIT_CORE","hard":0,"soft":0}]}}`,
		},
		"no CAP_CHOWN": {
			rights{all &^ 1, limit, 0},
			`{"ociVersion":"1.0.2","big":12345678901234567890,"process":{"args":["a"],"oomScoreAdj":-500,
			"capabilities":{"bounding":["CAP_SYS_RESOURCE","CAP_NEWER"],"permitted":["CAP_SYS_RESOURCE"]},
			"rlimits":[{"type":"RLIMIT_NOFILE","hard":1048576,"soft":1024},{"type":"RLIMIT_CORE","hard":0,"soft":0}]}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := narrowed(t, c.rights, asked), values(t, c.want); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
	if got := narrowed(t, rights{}, `{"root":{"path":"x"}}`); !reflect.DeepEqual(got, values(t, `{"root":{"path":"x"}}`)) {
		t.Errorf("a bundle without a process: %v", got)
	}
}

func TestRequests(t *testing.T) {
	for _, c := range []struct {
		args            []string
		bundle, process string
	}{
		{[]string{"--root", "/r", "create", "--bundle", "/b", "--pid-file", "/p", "id"}, "/b", ""},
		{[]string{"create", "--bundle=/b", "id"}, "/b", ""},
		{[]string{"exec", "--process", "/p.json", "--detach", "id"}, "", "/p.json"},
		{[]string{"delete", "--force", "id"}, "", ""},
		{[]string{"create", "--bundle"}, "", ""},
	} {
		if bundle, process := requests(c.args); bundle != c.bundle || process != c.process {
			t.Errorf("%v: bundle %q, process %q", c.args, bundle, process)
		}
	}
}

func TestCapabilityNumbers(t *testing.T) {
	if capabilityNames[capSysResource] != "SYS_RESOURCE" || len(capabilityNames) != 41 {
		t.Errorf("%d names, number %d is %s", len(capabilityNames), capSysResource, capabilityNames[capSysResource])
	}
}
