package watcher

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"foster/spec"
	"foster/state"

	"github.com/docker/docker/api/types/events"
)

var update = flag.Bool("update", false, "rewrite testdata/decoded.txt; read the difference before you commit it")

func TestLabelsAreThoseOfSpec(t *testing.T) {
	if labelProject != spec.LabelProject || labelChild != spec.LabelChild || labelParent != spec.LabelParent || labelHash != spec.LabelSpecHash {
		t.Error("the labels of this package differ from those that package spec writes")
	}
}

// recorded reads a stream. The containers of the recordings have no labels of
// ours: hook puts them on, the files stay as they were recorded.
func recorded(t *testing.T, file string, hook func(*events.Message)) []events.Message {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []events.Message
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		var m events.Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		hook(&m)
		out = append(out, m)
	}
	return out
}

// labelled puts the project's label on every container whose name begins with
// one of names.
func labelled(names ...string) func(*events.Message) {
	return func(m *events.Message) {
		for _, name := range names {
			if m.Type == events.ContainerEventType && strings.HasPrefix(m.Actor.Attributes["name"], name) {
				m.Actor.Attributes[labelProject] = "p"
			}
		}
	}
}

// TestRecordedSequences decodes every recorded sequence as the watcher does
// and compares with what was reviewed.
func TestRecordedSequences(t *testing.T) {
	files, err := filepath.Glob("testdata/events/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	var text strings.Builder
	for _, file := range files {
		fmt.Fprintf(&text, "== %s\n", strings.TrimSuffix(filepath.Base(file), ".jsonl"))
		k := newKnown()
		d := decoder{
			launcher: none, awaited: none,
			project: "p", networks: []string{"br1", "ov1"}, parent: "svc.1", parentID: k.parentID, ours: k.has,
			owners: []string{"vpn", "57caec15e142"}, ownerID: k.ownerID,
		}
		if strings.Contains(file, "docker-kill-of-task") {
			// The task of the recording is the followed parent, by ID prefix.
			d.parent = "c86fc99a5576"
		}
		for _, m := range recorded(t, file, labelled("c1", "ww", "al-ov", "us-br", "no-br", "app")) {
			if d.isOurs(m) {
				k.follow(m)
			}
			for _, ev := range d.decode(m) {
				fmt.Fprintln(&text, line(ev))
			}
		}
	}
	const golden = "testdata/decoded.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("decoded:\n%s\nwant:\n%s", text.String(), want)
	}
}

// line writes an event with its fields but for the time, IDs cut short.
func line(ev state.Event) string {
	v := reflect.ValueOf(ev)
	parts := []string{v.Type().Name()}
	for i := range v.NumField() {
		switch value := v.Field(i).Interface().(type) {
		case time.Time:
			if value.IsZero() {
				parts = append(parts, "without time")
			}
		case string:
			if v.Type().Field(i).Name == "ID" {
				value = value[:8]
			}
			parts = append(parts, value)
		default:
			parts = append(parts, fmt.Sprint(value))
		}
	}
	return strings.Join(parts, " ")
}

func message(kind events.Type, action, id string, attributes ...string) events.Message {
	m := events.Message{Type: kind, Action: events.Action(action), TimeNano: 1_000_000_007}
	m.Actor = events.Actor{ID: id, Attributes: map[string]string{}}
	for i := 0; i+1 < len(attributes); i += 2 {
		m.Actor.Attributes[attributes[i]] = attributes[i+1]
	}
	return m
}

func TestDecode(t *testing.T) {
	const full = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	at := time.Unix(1, 7).UTC()
	d := decoder{
		launcher: none, awaited: func(id string) bool { return id == "squatter" },
		project: "p", networks: []string{"net"}, names: []string{"wanted"}, parent: "par",
		parentID: func() string { return "known-parent" },
		ours:     func(id string) bool { return id == "child" },
	}
	byPrefix := d
	byPrefix.parent = full[:12]
	for _, c := range []struct {
		name string
		d    decoder
		m    events.Message
		want state.Event
	}{
		{"die", d, message("container", "die", "x", labelProject, "p", "exitCode", "3"), state.ChildDied{ID: "x", Code: 3, At: at}},
		{"die without a code", d, message("container", "die", "x", labelProject, "p"), state.ChildDied{ID: "x", Code: 255, At: at}},
		{"other project", d, message("container", "die", "x", labelProject, "q"), nil},
		{"no project", d, message("container", "die", "child"), nil},
		{"kill without a number", d, message("container", "kill", "x", labelProject, "p", "signal", "TERM"), nil},
		{"healthy", d, message("container", "health_status: healthy", "x", labelProject, "p"), state.ChildHealth{ID: "x", Healthy: true, At: at}},
		{"unhealthy", d, message("container", "health_status: unhealthy", "x", labelProject, "p"), state.ChildHealth{ID: "x", Healthy: false, At: at}},
		{"health starting", d, message("container", "health_status: starting", "x", labelProject, "p"), nil},
		{"rename", d, message("container", "rename", "x", labelProject, "p", "name", "new", "oldName", "/old"), state.ChildRenamed{ID: "x", Name: "new"}},
		{"create", d, message("container", "create", "x", labelProject, "p"), nil},
		{"exec", d, message("container", "exec_create: true", "x", labelProject, "p"), nil},
		{"parent by name", d, message("container", "die", "x", "name", "par"), state.ParentDied{At: at}},
		{"parent by the ID of a look", d, message("container", "start", "known-parent", "name", "other"), state.ParentStarted{At: at}},
		{"parent by prefix", byPrefix, message("container", "die", full), state.ParentDied{At: at}},
		{"name is no prefix", d, message("container", "die", "par1", "name", "x"), nil},
		{"parent killed", d, message("container", "kill", "x", "name", "par"), nil},
		{"connect", d, message("network", "connect", "n", "name", "net", "container", "child"), state.NetJoined{ID: "child", Network: "net", At: at}},
		{"disconnect", d, message("network", "disconnect", "n", "name", "net", "container", "child"), state.NetLost{ID: "child", Network: "net", At: at}},
		{"foreign disconnect", d, message("network", "disconnect", "n", "name", "net", "container", "other"), nil},
		{"network gone", d, message("network", "destroy", "n", "name", "net", "type", "bridge"), state.NetGone{Network: "net", At: at}},
		{"local copy gone", d, message("network", "destroy", "n", "name", "net", "type", "overlay"), nil},
		{"overlay gone", d, message("network", "remove", "n", "name", "net"), state.NetGone{Network: "net", At: at}},
		{"network back", d, message("network", "create", "n", "name", "net"), state.NetBack{Network: "net", ID: "n", At: at}},
		{"foreign network", d, message("network", "destroy", "n", "name", "other"), nil},
		{"a child's name is free", d, message("container", "destroy", "x", "name", "wanted"), state.Freed{At: at}},
		{"a child with its own name", d, message("container", "destroy", "x", "name", "wanted", labelProject, "p"), state.ChildGone{ID: "x", At: at}},
		{"a child's name is given up", d, message("container", "rename", "x", "name", "new", "oldName", "/wanted"), state.Freed{At: at}},
		{"a port is free", d, message("network", "disconnect", "n", "name", "other", "container", "squatter"), state.Freed{At: at}},
		{"a holder dies", d, message("container", "die", "squatter"), nil},
		{"a holder is removed", d, message("container", "destroy", "squatter"), state.Freed{At: at}},
		{"foreign death under a child's name", d, message("container", "die", "x", "name", "wanted"), nil},
		{"foreign destroy", d, message("container", "destroy", "x", "name", "other"), nil},
		{"volume", d, message("volume", "create", "v", labelProject, "p"), nil},
		{"no attributes", d, events.Message{Type: "container", Action: "die", Actor: events.Actor{ID: "x"}}, nil},
	} {
		if got := c.d.decode(c.m); !reflect.DeepEqual(got, some(c.want)) {
			t.Errorf("%s: %#v, want %#v", c.name, got, c.want)
		}
	}
}

// FuzzDecode: whatever the engine sends, nothing panics, and nothing is said
// about containers and networks that are not ours.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/events/*.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(raw) {
			f.Add(line)
		}
	}
	f.Add([]byte(`{"Type":"container","Action":"die","Actor":{"ID":"x","Attributes":{"foster.project":"p"}}}`))
	f.Add([]byte(`{"Type":"network","Action":"disconnect","Actor":{"ID":"n","Attributes":{"container":"child","name":"net"}},"timeNano":-1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m events.Message
		if json.Unmarshal(raw, &m) != nil {
			return
		}
		d := decoder{
			launcher: none, awaited: none,
			project: "p", networks: []string{"net"}, parent: "par",
			parentID: func() string { return "" }, ours: func(id string) bool { return id == "child" },
			owners: []string{"par", "vpn"}, ownerID: func(string) string { return "" },
		}
		before := maps.Clone(m.Actor.Attributes)
		meant := d.decode(m)
		newWindow().fresh(m)
		if len(meant) == 0 {
			return
		}
		a := m.Actor.Attributes
		ours := m.Type == events.ContainerEventType && (a[labelProject] == "p" || slices.Contains(d.owners, nameOf(m)) || slices.Contains(d.owners, strings.TrimPrefix(a["oldName"], "/"))) ||
			m.Type == events.NetworkEventType && (a["container"] == "child" || slices.Contains(d.networks, a["name"]))
		if !ours {
			t.Errorf("%s means %#v", raw, meant)
		}
		if !maps.Equal(before, a) {
			t.Error("the message was changed")
		}
	})
}
