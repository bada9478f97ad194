package chaos

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// roundLine is a round in JSON. Durations are in milliseconds.
type roundLine struct {
	Type      string   `json:"type"` // "round"
	Round     int      `json:"round"`
	Project   string   `json:"project"`
	Child     string   `json:"child"`
	Container string   `json:"container"`
	Fault     Kind     `json:"fault"`
	Network   string   `json:"network,omitempty"`
	At        string   `json:"at"`
	Ran       *float64 `json:"ran_ms,omitempty"`
	Early     bool     `json:"early,omitempty"`
	Recovered bool     `json:"recovered"`
	Recovery  *float64 `json:"recovery_ms,omitempty"`
	Replaced  bool     `json:"replaced,omitempty"`
	Why       string   `json:"why,omitempty"`
	Down      *float64 `json:"client_down_ms,omitempty"`
	Outages   int      `json:"client_outages,omitempty"`
}

func ms(d time.Duration) *float64 {
	v := math.Round(float64(d)/float64(time.Microsecond)) / 1000
	return &v
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (r Round) line() roundLine {
	l := roundLine{
		Type: "round", Round: r.N, Project: r.Target.Project, Child: r.Target.Child, Container: r.Container,
		Fault: r.Kind, Network: r.Network, At: stamp(r.At), Early: r.Early,
		Recovered: r.Recovered, Replaced: r.Replaced, Why: r.Why, Outages: r.Outages,
	}
	if r.Kind.Ends() {
		l.Ran = ms(r.Ran)
	}
	if r.Measured {
		l.Recovery = ms(r.Recovery)
	}
	if r.Probed {
		l.Down = ms(r.Down)
	}
	return l
}

// spread is the percentiles of something, in milliseconds.
type spread struct {
	N   int      `json:"n"`
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
	Max *float64 `json:"max"`
}

func spreadOf(samples []time.Duration) spread {
	s := sorted(samples)
	at := func(p float64) *float64 { return ms(percentile(s, p)) }
	return spread{N: len(s), P50: at(50), P90: at(90), P95: at(95), P99: at(99), Max: at(100)}
}

func spreads(samples map[Kind][]time.Duration) map[string]spread {
	out := map[string]spread{}
	for k, s := range samples {
		out[string(k)] = spreadOf(s)
	}
	if all := fosters(samples); len(all) > 0 {
		out["all"] = spreadOf(all)
	}
	return out
}

type lostLine struct {
	Round int    `json:"round"`
	At    string `json:"at"`
	Child string `json:"child"`
	Fault string `json:"fault"`
	Why   string `json:"why"`
}

type summaryLine struct {
	Type        string            `json:"type"` // "summary"
	Seed        uint64            `json:"seed"`
	Took        *float64          `json:"took_ms"`
	Faults      int               `json:"faults"`
	ByKind      map[Kind]int      `json:"by_kind"`
	Interrupted bool              `json:"interrupted"`
	Early       int               `json:"early"`
	Recovery    map[string]spread `json:"recovery_ms"`
	Never       []lostLine        `json:"never"`
	Client      *clientLine       `json:"client,omitempty"`
}

type clientLine struct {
	URL    string            `json:"url"`
	Asked  int               `json:"asked"`
	Widest *float64          `json:"widest_gap_ms"`
	Unseen int               `json:"unnoticed"`
	Down   map[string]spread `json:"down_ms"`
	Stray  []*float64        `json:"outside_rounds_ms"`
}

func (s *Summary) line() summaryLine {
	l := summaryLine{
		Type: "summary", Seed: s.Seed, Took: ms(s.Took), Faults: s.Done, ByKind: s.Faults, Interrupted: s.Unfinished != nil,
		Early: s.Early, Recovery: spreads(s.Measured), Never: []lostLine{},
	}
	for _, n := range s.Never {
		l.Never = append(l.Never, lostLine{Round: n.Round, At: stamp(n.At), Child: n.Child, Fault: n.Fault, Why: n.Why})
	}
	if s.Probe != "" {
		l.Client = &clientLine{URL: s.Probe, Asked: s.Asked, Widest: ms(s.Widest), Unseen: s.Unseen, Down: spreads(s.Down), Stray: []*float64{}}
		for _, d := range s.Stray {
			l.Client.Stray = append(l.Client.Stray, ms(d))
		}
	}
	return l
}

// write writes one JSON line.
func (r *Report) write(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		raw = fmt.Appendf(nil, `{"type":"error","error":%q}`, err) // the types above always can
	}
	r.progress.clear()
	fmt.Fprintf(r.Out, "%s\n", raw)
	r.progress.draw()
}
