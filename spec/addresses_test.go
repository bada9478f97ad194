package spec

import (
	"net/netip"
	"testing"
)

func TestPlaced(t *testing.T) {
	type parser func(string) (placed, error)
	for _, tc := range []struct {
		parse parser
		in    string
		want  placed
	}{
		{parseNetIPv4, "front:10.5.0.10", placed{"front", "10.5.0.10", ""}},
		{parseNetIPv4, "a-b_c.d:1.2.3.4", placed{"a-b_c.d", "1.2.3.4", ""}},
		{parseNetIPv6, "front-fd00::10", placed{"front", "", "fd00::10"}},
		{parseNetIPv6, "my-front-net-2001:db8::1", placed{"my-front-net", "", "2001:db8::1"}},
		{parseNetMixed, "front-10.5.0.10-fd00::10", placed{"front", "10.5.0.10", "fd00::10"}},
		{parseNetMixed, "my-front-10.5.0.10-fd00::10", placed{"my-front", "10.5.0.10", "fd00::10"}},
	} {
		if got, err := tc.parse(tc.in); err != nil || got != tc.want {
			t.Errorf("%q = %+v, %v; want %+v", tc.in, got, err, tc.want)
		}
	}
	for _, tc := range []struct {
		parse parser
		bad   []string
	}{
		{parseNetIPv4, []string{"", "front", "front:", ":10.0.0.1", "front:10.0.0", "front:fd00::1", "front:10.0.0.256", "-x:10.0.0.1"}},
		{parseNetIPv6, []string{"", "front", "front-", "-fd00::1", "front-10.0.0.1", "front-fd00::1%eth0", "front-::ffff:10.0.0.1", "front:fd00::1"}},
		{parseNetMixed, []string{"", "front-fd00::1", "front-10.0.0.1", "10.0.0.1-fd00::1", "-10.0.0.1-fd00::1", "front-fd00::1-10.0.0.1"}},
	} {
		for _, in := range tc.bad {
			if got, err := tc.parse(in); err == nil {
				t.Errorf("%q = %+v, want an error", in, got)
			}
		}
	}
}

func TestCheckMAC(t *testing.T) {
	for in, ok := range map[string]bool{"02:42:ac:11:00:42": true, "02-42-AC-11-00-42": true, "03:42:ac:11:00:42": false, "02:42": false, "zz": false, "02:42:ac:11:00:42:01:02": false} {
		if err := checkMAC(in); (err == nil) != ok {
			t.Errorf("checkMAC(%q) = %v", in, err)
		}
	}
}

// checkPlaced: whatever is accepted has a valid name and valid addresses.
func checkPlaced(t *testing.T, s string, p placed, want4, want6 bool) {
	t.Helper()
	if !networkName.MatchString(p.network) {
		t.Errorf("%q: network %q", s, p.network)
	}
	for _, a := range []struct {
		addr string
		want bool
	}{{p.ipv4, want4}, {p.ipv6, want6}} {
		if _, err := netip.ParseAddr(a.addr); (err == nil) != a.want {
			t.Errorf("%q: address %q", s, a.addr)
		}
	}
}

func FuzzNetIPv4(f *testing.F) {
	for _, s := range []string{"front:10.5.0.10", "a:b:1.2.3.4", ":", "front:::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parseNetIPv4(s); err == nil {
			checkPlaced(t, s, p, true, false)
			if p.network+":"+p.ipv4 != s {
				t.Errorf("%q lost something: %+v", s, p)
			}
		}
	})
}

func FuzzNetIPv6(f *testing.F) {
	for _, s := range []string{"front-fd00::10", "a-b-::1", "-", "front-::ffff:1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parseNetIPv6(s); err == nil {
			checkPlaced(t, s, p, false, true)
			if p.network+"-"+p.ipv6 != s {
				t.Errorf("%q lost something: %+v", s, p)
			}
		}
	})
}

func FuzzNetMixed(f *testing.F) {
	for _, s := range []string{"front-10.5.0.10-fd00::10", "a-b-1.2.3.4-::1", "--", "x-1.2.3.4-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parseNetMixed(s); err == nil {
			checkPlaced(t, s, p, true, true)
			if p.network+"-"+p.ipv4+"-"+p.ipv6 != s {
				t.Errorf("%q lost something: %+v", s, p)
			}
		}
	})
}
