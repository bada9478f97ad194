package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"foster/report/webhook"
	"foster/spec"
	"foster/state"
)

// settings are the watchdog's own, as opposed to what it launches.
type settings struct {
	Files         []string // compose files that were asked for
	Profiles      []string // of them
	Policy        state.Policy
	BackoffMax    time.Duration
	Parent        string // name or ID of a container to follow, "" for foster's own
	ParentExit    bool   // its end is the end of the run
	EngineTimeout time.Duration
	StopGrace     time.Duration // that foster itself gets; 0: found out
	Resync        time.Duration
	Forward       bool     // the children's output
	Listen        endpoint // of HTTP
	WebhookURL    string   // whom to notify, "" for nobody
	WebhookBody   webhook.Body
	LogFormat     string
	LogLevel      zerolog.Level
}

// choices are the values of the variables of kind choice.
var choices = map[string][]string{
	"FOSTER_RESTART":        {"any", "on-failure", "none"},
	"FOSTER_ON_UNHEALTHY":   {"recreate", "ignore", "exit"},
	"FOSTER_ON_PARENT_STOP": {"wait", "exit"},
	"FOSTER_LOG_FORMAT":     {"auto", "json", "console", "journald"},
	"FOSTER_LOG_LEVEL":      {"debug", "info", "warn", "error"},
}

// variables is the table of FOSTER_*; each is also a flag of `foster run`.
var variables = []spec.Variable{
	{Name: "FOSTER_FILE", Kind: spec.KindList, Default: "those of COMPOSE_FILE; else `/compose.yaml`, `/compose.yml`, `/docker-compose.yml` or `/docker-compose.yaml`", Example: "/run/configs/stack.yaml /run/configs/more.yaml", Doc: "Compose files, in foster's own container, the later merged over the earlier; see [docs/compose-files.md](docs/compose-files.md)."},
	{Name: "FOSTER_PROFILE", Kind: spec.KindList, Default: "those of COMPOSE_PROFILES", Example: "ci debug", Doc: "Profiles of the compose files that are on; `*` is all."},
	{Name: "FOSTER_RESTART", Kind: spec.KindChoice, Default: "any", Example: "on-failure", Doc: "Which ends of the child are recovered: `any`, `on-failure` (exit code 0 is the end of the run) or `none` (as swarm-launcher: the child's end is the task's end, with its exit code)."},
	{Name: "FOSTER_STABLE_AFTER", Kind: spec.KindDuration, Default: "10s", Example: "30s", Doc: "A run this long ends a series of failures: the next recovery is immediate."},
	{Name: "FOSTER_BACKOFF_MAX", Kind: spec.KindDuration, Default: "1m", Example: "5m", Doc: "Longest pause between recoveries; it starts at 1s and doubles, with jitter."},
	{Name: "FOSTER_MAX_ATTEMPTS", Kind: spec.KindNumber, Default: "0", Example: "3", Doc: "Recoveries within FOSTER_WINDOW after which foster ends with the child's exit code, for Swarm to decide; 0 is no limit."},
	{Name: "FOSTER_WINDOW", Kind: spec.KindDuration, Default: "0s", Example: "10m", Doc: "How long a recovery counts for FOSTER_MAX_ATTEMPTS; 0s is for ever."},
	{Name: "FOSTER_ON_UNHEALTHY", Kind: spec.KindChoice, Default: "recreate", Example: "ignore", Doc: "What to do when the child's healthcheck gives up: `recreate`, `ignore` or `exit`."},
	{Name: "FOSTER_UNHEALTHY_AFTER", Kind: spec.KindDuration, Default: "0s", Example: "1m", Doc: "How long the child must have been unhealthy before FOSTER_ON_UNHEALTHY is done; 0s: at once."},
	{Name: "FOSTER_PARENT", Kind: spec.KindText, Example: "vpn", Doc: "Name or ID of another container to follow: the child lives only while it runs."},
	{Name: "FOSTER_ON_PARENT_STOP", Kind: spec.KindChoice, Default: "wait", Example: "exit", Doc: "When the followed container stops, everything is taken down; then `wait` for its return or `exit`."},
	{Name: "FOSTER_STOP_GRACE", Kind: spec.KindDuration, Example: "2m", Doc: "What Swarm gives foster between SIGTERM and SIGKILL (the stack's stop_grace_period); the child gets 3s less. Found out on managers, and from a container's --stop-timeout; otherwise 10s, or what LAUNCH_STOP_GRACE_PERIOD needs."},
	{Name: "FOSTER_ENGINE_TIMEOUT", Kind: spec.KindDuration, Default: "2m", Example: "10m", Doc: "How long to try to reach the engine at start."},
	{Name: "FOSTER_RESYNC", Kind: spec.KindDuration, Default: "5m", Example: "1m", Doc: "How often everything is compared with the engine without a reason."},
	{Name: "FOSTER_FORWARD_LOGS", Kind: spec.KindBool, Default: "true", Example: "false", Doc: "Relay the children's output to foster's own, so that `docker service logs` shows it; see [docs/output.md](docs/output.md)."},
	{Name: "FOSTER_LISTEN", Kind: spec.KindText, Example: "127.0.0.1:9180", Doc: "Where to serve the status page, `/metrics`, `/status` and `/events`: `address:port`, `:port` or `unix:///path`; see [docs/http.md](docs/http.md)."},
	{Name: "FOSTER_WEBHOOK_URL", Kind: spec.KindText, Secret: true, Example: "https://hooks.example.org/T0/B0/x", Doc: "Where to POST a notification of faults, recoveries, giving up and waiting; see [docs/notifications.md](docs/notifications.md)."},
	{Name: "FOSTER_WEBHOOK_TEMPLATE", Kind: spec.KindText, Secret: true, Example: `{"text": "${summary}"}`, Doc: "JSON body of a notification, with `${…}` for its fields; or `slack`, or `discord`; unset: all fields."},
	{Name: "FOSTER_LOG_FORMAT", Kind: spec.KindChoice, Default: "auto", Example: "json", Doc: "`json`, `console`, `journald` (fields, where the journal's socket is mounted; else json behind a `<priority>`), or `auto`: console on a terminal, json elsewhere; see [docs/logs.md](docs/logs.md)."},
	{Name: "FOSTER_LOG_LEVEL", Kind: spec.KindChoice, Default: "info", Example: "debug", Doc: "The least that is logged: `debug`, `info`, `warn` or `error`."},
}

// allVariables is everything that ReadEnv may find.
func allVariables() []spec.Variable { return append(slices.Clone(spec.Variables), variables...) }

// flagName is the flag of a FOSTER_ variable.
func flagName(variable string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, "FOSTER_")), "_", "-")
}

func addSettings(cmd *cobra.Command) {
	addFiles(cmd)
	for _, v := range variables {
		if v.Kind == spec.KindList {
			continue // see addFiles
		}
		usage := v.Doc + " [" + v.Name + "]"
		cmd.Flags().String(flagName(v.Name), "", strings.ReplaceAll(usage, "`", "'"))
		cmd.Flags().Lookup(flagName(v.Name)).DefValue = v.Default // shown, not set
		if c := choices[v.Name]; c != nil {
			// The flag was defined a line above.
			_ = cmd.RegisterFlagCompletionFunc(flagName(v.Name), cobra.FixedCompletions(c, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

// addFiles adds the flags that say which compose files count; each can be
// given many times.
func addFiles(cmd *cobra.Command) {
	cmd.Flags().StringArrayP(flagName("FOSTER_FILE"), "f", nil, "Compose `FILE` in foster's own container; more of them are merged over it. [FOSTER_FILE]")
	cmd.Flags().StringArray(flagName("FOSTER_PROFILE"), nil, "`PROFILE` of the compose files that is on; '*' is all. [FOSTER_PROFILE]")
}

// withFlags puts the flags that were given in front of the environment.
func withFlags(environ []string, flags *pflag.FlagSet) []string {
	environ = slices.Clone(environ)
	for _, v := range variables {
		f := flags.Lookup(flagName(v.Name))
		if f == nil || !f.Changed {
			continue
		}
		environ = slices.DeleteFunc(environ, func(e string) bool {
			return strings.HasPrefix(e, v.Name+"=") || strings.HasPrefix(e, v.Name+"_FILE=")
		})
		value := f.Value.String()
		if many, ok := f.Value.(pflag.SliceValue); ok {
			value = spec.JoinList(many.GetSlice())
		}
		environ = append(environ, v.Name+"="+value)
	}
	return environ
}

// readSettings reads FOSTER_*; every problem is reported, not the first only.
func readSettings(env spec.Env) (settings, spec.Problems) {
	r := settingsReader{env: env}
	s := settings{
		Files:    r.list("FOSTER_FILE"),
		Profiles: r.list("FOSTER_PROFILE"),
		Policy: state.Policy{
			Restart:        []state.Restart{state.RestartAny, state.RestartOnFailure, state.RestartNone}[r.choice("FOSTER_RESTART")],
			OnUnhealthy:    state.OnUnhealthy(r.choice("FOSTER_ON_UNHEALTHY")),
			UnhealthyAfter: r.duration("FOSTER_UNHEALTHY_AFTER", 0, 24*time.Hour),
			StableAfter:    r.duration("FOSTER_STABLE_AFTER", 100*time.Millisecond, 24*time.Hour),
			MaxAttempts:    r.number("FOSTER_MAX_ATTEMPTS"),
			Window:         r.duration("FOSTER_WINDOW", 0, 10000*time.Hour),
			Settle:         settleTime,
		},
		BackoffMax:    r.duration("FOSTER_BACKOFF_MAX", time.Second, 24*time.Hour),
		Parent:        env.Get("FOSTER_PARENT"),
		ParentExit:    r.choice("FOSTER_ON_PARENT_STOP") == 1,
		EngineTimeout: r.duration("FOSTER_ENGINE_TIMEOUT", 0, 10000*time.Hour),
		StopGrace:     r.duration("FOSTER_STOP_GRACE", 3*time.Second, 24*time.Hour),
		Resync:        r.duration("FOSTER_RESYNC", time.Second, 24*time.Hour),
		Forward:       r.boolean("FOSTER_FORWARD_LOGS"),
		Listen:        r.endpoint("FOSTER_LISTEN"),
		WebhookURL:    r.webhookURL(),
		WebhookBody:   r.webhookBody(),
		LogFormat:     choices["FOSTER_LOG_FORMAT"][r.choice("FOSTER_LOG_FORMAT")],
		LogLevel:      []zerolog.Level{zerolog.DebugLevel, zerolog.InfoLevel, zerolog.WarnLevel, zerolog.ErrorLevel}[r.choice("FOSTER_LOG_LEVEL")],
	}
	return s, r.problems
}

// settleTime is how long a stop by hand may turn out to be a restart. The
// engine's own way from stop to start takes 100 to 250 ms.
const settleTime = 400 * time.Millisecond

type settingsReader struct {
	env      spec.Env
	problems spec.Problems
}

func (r *settingsReader) problem(name, value, what, mend string) {
	r.problems = append(r.problems, spec.Problem{Variable: r.env.Origin(name), Value: value, What: what, Mend: mend})
}

// value is the variable's, or the table's default.
func (r *settingsReader) value(name string) string {
	if v := r.env.Get(name); v != "" {
		return v
	}
	for _, v := range variables {
		if v.Name == name {
			return v.Default
		}
	}
	return ""
}

// list is the words of a variable, none when it is unset.
func (r *settingsReader) list(name string) []string {
	words, err := spec.SplitList(r.env.Get(name))
	if err != nil {
		r.problem(name, r.env.Get(name), err.Error(), "close it")
	}
	return words
}

// choice is the index of the value among the variable's choices.
func (r *settingsReader) choice(name string) int {
	v := r.value(name)
	for i, c := range choices[name] {
		if strings.EqualFold(v, c) {
			return i
		}
	}
	r.problem(name, v, "is not one of the choices", "use one of "+strings.Join(choices[name], ", "))
	return 0
}

// webhookURL is checked, and never shown.
func (r *settingsReader) webhookURL() string {
	address := r.env.Get("FOSTER_WEBHOOK_URL")
	if address == "" {
		return ""
	}
	if wrong := webhook.CheckURL(address); wrong != "" {
		r.problem("FOSTER_WEBHOOK_URL", "", wrong, "write it like https://hooks.example.org/…")
	}
	return address
}

func (r *settingsReader) webhookBody() webhook.Body {
	text := r.env.Get("FOSTER_WEBHOOK_TEMPLATE")
	body, err := webhook.ParseBody(text)
	if err != nil {
		r.problem("FOSTER_WEBHOOK_TEMPLATE", "", err.Error(), `write JSON like {"text": "${summary}"}, or slack, or discord`)
	}
	return body
}

func (r *settingsReader) boolean(name string) bool {
	v := r.value(name)
	b, err := spec.ParseBool(v)
	if err != nil {
		r.problem(name, v, "is not a boolean", "write true or false")
	}
	return b
}

func (r *settingsReader) duration(name string, low, high time.Duration) time.Duration {
	v := r.value(name)
	if v == "" {
		return 0
	}
	d, err := spec.ParseDuration(v)
	switch {
	case err != nil:
		r.problem(name, v, "is not a duration", "write it like 500ms, 30s or 5m")
	case d < low || d > high:
		r.problem(name, v, fmt.Sprintf("is not between %s and %s", low, high), "choose a value in that range")
	}
	return d
}

func (r *settingsReader) endpoint(name string) endpoint {
	v := r.value(name)
	if v == "" {
		return endpoint{}
	}
	e, err := parseEndpoint(v)
	if err != nil {
		r.problem(name, v, err.Error(), "write it like :9180, 127.0.0.1:9180, [::1]:9180 or unix:///run/foster/http.sock")
	}
	return e
}

func (r *settingsReader) number(name string) int {
	v := r.value(name)
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		r.problem(name, v, "is not a number of 0 or more", "write digits only")
		return 0
	}
	return n
}
