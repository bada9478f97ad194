package spec

import (
	"testing"
	"time"
)

func TestParseBool(t *testing.T) {
	for in, want := range map[string]bool{"true": true, "TRUE": true, "yes": true, "1": true, "Yes ": true, "false": false, "No": false, "0": false} {
		if got, err := ParseBool(in); err != nil || got != want {
			t.Errorf("ParseBool(%q) = %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "t", "on", "2", "truee"} {
		if _, err := ParseBool(in); err == nil {
			t.Errorf("ParseBool(%q) has no error", in)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{"10s": 10 * time.Second, "1m30s": 90 * time.Second, "45": 45 * time.Second, "0": 0, "500ms": 500 * time.Millisecond, " 2h ": 2 * time.Hour} {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "-1s", "ten", "10 parsecs", "1.5", "s"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", in, got)
		}
	}
}

func TestParseUlimit(t *testing.T) {
	for in, want := range map[string][2]int64{"nofile=1024": {1024, 1024}, "nofile=1024:2048": {1024, 2048}, "core=0": {0, 0}, "memlock=-1": {-1, -1}, "memlock=-1:-1": {-1, -1}} {
		if u, err := parseUlimit(in); err != nil || u.Soft != want[0] || u.Hard != want[1] {
			t.Errorf("parseUlimit(%q) = %v, %v", in, u, err)
		}
	}
	for _, in := range []string{"", "nofile", "nofile=", "=1", "nofile=1:", "nofile=:1", "nofile=2:1", "nofile=1:2:3", "nosuch=1", "nofile=x", "nofile=-2"} {
		if u, err := parseUlimit(in); err == nil {
			t.Errorf("parseUlimit(%q) = %v, want an error", in, u)
		}
	}
}

func TestParsePull(t *testing.T) {
	for in, want := range map[string]PullPolicy{"true": PullAlways, "Always": PullAlways, "false": PullMissing, "missing": PullMissing, "if_not_present": PullMissing, "if-not-present": PullMissing, "never": PullNever} {
		if got, _, err := parsePull(in); err != nil || got != want {
			t.Errorf("parsePull(%q) = %v, %v", in, got, err)
		}
	}
	if _, _, err := parsePull("sometimes"); err == nil {
		t.Error("parsePull(sometimes) has no error")
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{"64m": 64 << 20, "1gb": 1 << 30, "1024": 1024} {
		if got, err := parseSize(in); err != nil || got != want {
			t.Errorf("parseSize(%q) = %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "-1", "64 apples"} {
		if _, err := parseSize(in); err == nil {
			t.Errorf("parseSize(%q) has no error", in)
		}
	}
}

func FuzzParseBool(f *testing.F) {
	for _, s := range []string{"true", "NO", "1", "", "maybe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if b, err := ParseBool(s); err != nil && b {
			t.Errorf("ParseBool(%q) is true and an error", s)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"10s", "10", "1m30s", "-1s", "9999999999999999999", "1d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); d < 0 || err != nil && d != 0 {
			t.Errorf("ParseDuration(%q) = %v, %v", s, d, err)
		}
	})
}

func FuzzParseUlimit(f *testing.F) {
	for _, s := range []string{"nofile=1024", "nofile=1024:2048", "core=0", "memlock=-1", "x=:", "="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := parseUlimit(s)
		if err == nil && (u.Name == "" || u.Soft < -1 || u.Hard < -1) {
			t.Errorf("parseUlimit(%q) = %+v", s, u)
		}
	})
}
