package metrics

import (
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"foster/report"
	"foster/state"
)

// Config is what Metrics shows; Calls may be nil.
type Config struct {
	Board   *report.Board
	Calls   *Calls
	Version string // of foster
	Commit  string
}

// The outcomes of a fault.
const (
	recovered = "recovered"
	gaveUp    = "gave-up"
)

// causes are those of faults. Each has a series from the beginning: a counter
// that comes into being with its first count shows no increase.
var causes = []string{
	"died", "oom", "stopped", "removed", "disconnected", "unhealthy", "parent-down", "parent-recreated",
	"owner-down", "owner-recreated", "prepare", "create", "start", "start-given-up", "spec-changed",
}

// buckets reach from a network that is attached again to an image that has to
// be pulled, in seconds.
var buckets = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300}

// Metrics counts the steps of a run.
type Metrics struct {
	registry   *prometheus.Registry
	faults     *prometheus.CounterVec
	recoveries *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	events     *prometheus.CounterVec
	reconnects prometheus.Counter
	met        bool // the stream was open once; only the loop's goroutine knows
}

var _ report.Observer = (*Metrics)(nil)

// New makes Metrics with a registry of its own.
func New(cfg Config) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foster_faults_total", Help: "Faults of children that were seen, by cause.",
		}, []string{"cause"}),
		recoveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foster_recoveries_total", Help: "Ends of trouble, by cause and outcome: recovered from a fault, or gave-up, which ends the run, or one child for good, and may come without a fault before it.",
		}, []string{"cause", "outcome"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "foster_recovery_duration_seconds", Help: "Time from a fault until the child was whole again, by what made it whole.", Buckets: buckets,
		}, []string{"did"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foster_events_total", Help: "Events that were taken: the engine's that concern the project, answers to orders and looks, timers.",
		}, []string{"type"}),
		reconnects: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "foster_engine_stream_reconnects_total", Help: "Times that the engine's event stream was opened again.",
		}),
	}
	for _, cause := range causes {
		m.faults.WithLabelValues(cause)
		m.recoveries.WithLabelValues(cause, recovered)
	}
	for _, did := range []string{state.DidNothing, state.DidRecreate, state.DidReattach, state.DidBoth} {
		m.durations.WithLabelValues(did)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "foster_build_info", Help: "Always 1; the labels say which foster this is.",
		ConstLabels: prometheus.Labels{"version": cfg.Version, "commit": cfg.Commit, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.faults, m.recoveries, m.durations, m.events, m.reconnects, build, &project{board: cfg.Board},
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if cfg.Calls != nil {
		m.registry.MustRegister(cfg.Calls.seconds, cfg.Calls.ended)
	}
	return m
}

// Stepped counts a step of the loop.
func (m *Metrics) Stepped(s report.Step) {
	m.events.WithLabelValues(eventType(s.Event)).Inc()
	if s.To.StreamUp && !s.From.StreamUp {
		if m.met {
			m.reconnects.Inc()
		}
		m.met = true
	}
	for _, e := range s.Effects {
		n, ok := e.(state.Note)
		if !ok {
			continue
		}
		switch n.Kind {
		case state.FaultSeen:
			m.faults.WithLabelValues(n.Cause).Inc()
		case state.Recovered:
			m.recoveries.WithLabelValues(n.Cause, recovered).Inc()
			m.durations.WithLabelValues(n.Did).Observe(n.Down.Seconds())
		case state.GaveUp:
			m.recoveries.WithLabelValues(n.Cause, gaveUp).Inc()
		}
	}
}

// eventType is the name of an event's type as a label: child_died.
func eventType(ev state.Event) string {
	var b strings.Builder
	before := 'A' // an upper-case letter begins a word after a lower-case one
	for _, r := range reflect.TypeOf(ev).Name() {
		if unicode.IsUpper(r) && !unicode.IsUpper(before) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
		before = r
	}
	return b.String()
}

const (
	scrapes       = 4 // at once
	scrapeTimeout = 5 * time.Second
)

// Handler answers scrapes in the format that is asked for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: scrapes, Timeout: scrapeTimeout, DisableCompression: true,
	})
}
