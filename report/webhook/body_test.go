package webhook

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"foster/report"
	"foster/state"
)

var (
	someFoster = report.Foster{Instance: "I", Version: "v1", Task: "ci_runner.1.x", Service: "ci_runner", Node: "n1"}
	recovered  = report.Entry{
		Seq: 7, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Kind: "recovered", Level: "info", Text: "recovered: the child is whole again",
		Child: "web", Cause: "died", Did: state.DidRecreate, Attempt: 2, Down: 1234.5,
	}
)

func TestWholeBody(t *testing.T) {
	body, err := Body{}.of(message(someFoster, "ci", recovered, 3))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"summary":"ci/web: recovered after 1.23s (died, recreated) (3 before it were not sent)","project":"ci","child":"web",` +
		`"kind":"recovered","level":"info","text":"recovered: the child is whole again","cause":"died","did":"recreated","detail":"","network":"",` +
		`"exit_code":0,"attempt":2,"down_ms":1234.5,"at":"2026-01-02T03:04:05.000000006Z","task":"ci_runner.1.x","service":"ci_runner","node":"n1",` +
		`"version":"v1","suppressed":3,"id":"I-7"}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
}

func TestTemplates(t *testing.T) {
	hostile := recovered
	hostile.Kind, hostile.Text, hostile.Detail = "fault", `a "quoted" <text>`, "two\nlines ${project} \\"
	for name, row := range map[string]struct{ template, want string }{
		"slack":   {"slack", `{"text":"ci/web: a \"quoted\" <text>: two\nlines ${project} \\"}`},
		"discord": {"discord", `{"content":"ci/web: a \"quoted\" <text>: two\nlines ${project} \\"}`},
		"nested":  {`{"blocks":[{"t":"${kind} $$5","n":${attempt},"d":${down_ms}}], "x": "${network:-none}"}`, `{"blocks":[{"t":"fault $5","n":2,"d":1234.5}],"x":"none"}`},
		"a text":  {`"${child}"`, `"web"`},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := ParseBody(row.template)
			if err != nil {
				t.Fatal(err)
			}
			got, err := b.of(message(someFoster, "ci", hostile, 0))
			if err != nil {
				t.Fatal(err)
			}
			if compact(t, string(got)) != compact(t, row.want) {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestBadTemplates(t *testing.T) {
	for template, want := range map[string]string{
		`{"text": "${sumary}"}`: "no field ${sumary}",
		`{"text": ${summary}}`:  "not JSON",
		`{"text": "${summary}"`: "not JSON",
		`{"text": "${summary"}`: "not a template",
		`plain words`:           "not JSON",

		`{"text": "${detail:-a"b}"}`:                  "not JSON",
		`{"text": "x${child:?x}"}`:                    "wants a ${child} always",
		`{"text": "${detail:-${nonsense}}"}`:          "no field ${nonsense}",
		`{"text": "${detail:-${child:+x"y}}"}`:        "not JSON",
		`{"n": 1.${down_ms}}`:                         "not JSON",
		`{"n": ${attempt}1}`:                          "not JSON",
		`{"text": "\u00e${child}"}`:                   "not JSON",
		`{"text": "` + conditions(askedMost+1) + `"}`: "more than 8 fields",
	} {
		if _, err := ParseBody(template); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", template, err, want)
		}
	}
}

// conditions is a template that asks so many fields whether they are empty.
func conditions(n int) string {
	var b strings.Builder
	for _, name := range Fields[:n] {
		b.WriteString("${" + name + ":-none}")
	}
	return b.String()
}

// FuzzBody: what ParseBody takes is JSON whatever the message says.
func FuzzBody(f *testing.F) {
	for _, s := range []string{
		"slack", `{"a":"${text}"}`, `[${attempt},"${detail:-x}"]`, `{"a":"${text:+${child}}"}`, "${kind", `"\${text}"`,
		`{"a":"${detail:-a"b}"}`, `"${child:?x}"`, `"${detail:-${nonsense}}"`, `{"a":"${detail:-${child:+x"y}}"}`, `[1.${down_ms}]`,
	} {
		f.Add(s, "text \"\\\n\x00é")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, template, text string) {
		b, err := ParseBody(template)
		if err != nil {
			return
		}
		e := recovered
		e.Text, e.Detail, e.Kind, e.Child = text, text, "fault", text
		out, err := b.of(message(someFoster, text, e, 1))
		if err != nil {
			t.Fatalf("%q was taken, then: %v", template, err)
		}
		if !json.Valid(out) {
			t.Fatalf("%q with %q is %q", template, text, out)
		}
	})
}

func TestWhatIsTold(t *testing.T) {
	for kind, want := range map[state.NoteKind]bool{
		state.FaultSeen: true, state.Recovered: true, state.GaveUp: true, state.Held: true, state.Left: true,
		state.Relapse: false, state.Launched: false, state.Adopted: false, state.Degraded: false, state.Healed: false, state.Trouble: false, state.Overcome: false, state.Finished: false,
	} {
		if got := isTold(report.Entry{Kind: kind.String(), Level: "info"}); got != want {
			t.Errorf("%s: %t", kind, got)
		}
	}
	awaits := report.Entry{Kind: state.Awaits.String(), Level: "info"}
	if isTold(awaits) {
		t.Error("a child that waits for another one at launch is told")
	}
	if awaits.Level = "warn"; !isTold(awaits) {
		t.Error("a child that waits for somebody else's container is not told")
	}
}
