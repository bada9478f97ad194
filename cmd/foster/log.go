package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
)

// The library keeps these for all loggers; more than one may be in use at once.
func init() {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	zerolog.DurationFieldFormat = zerolog.DurationFormatString
}

// newLogger writes one line per entry. journald is json behind the priority
// that systemd and the journald logging driver read; with a way to the journal
// itself its entries go there instead, with their fields. end waits a moment for
// what is on its way there; call it when nobody logs any more.
func newLogger(w io.Writer, journal sendFunc, format string, level zerolog.Level) (log zerolog.Logger, end func()) {
	terminal, end := isTerminal(w), func() {}
	if format == "auto" {
		format = "json"
		if terminal {
			format = "console"
		}
	}
	switch format {
	case "console":
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: "15:04:05.000", NoColor: !terminal || os.Getenv("NO_COLOR") != ""}
	case "journald":
		plain := priorityWriter{w}
		if w = plain; journal != nil {
			j := &journalWriter{plain: plain, send: journal}
			w, end = j, j.close
		}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger(), end
}

// takeLibraryWarnings sends what libraries (compose-go) say through logrus to
// our log, each line once: the project is made more than once in a run.
func takeLibraryWarnings(log zerolog.Logger) {
	logrus.SetOutput(io.Discard)
	logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{})
	logrus.AddHook(&libraryHook{log: log, said: map[string]bool{}})
}

type libraryHook struct {
	log  zerolog.Logger
	said map[string]bool // under logrus's own lock
}

var _ logrus.Hook = (*libraryHook)(nil)

func (h *libraryHook) Levels() []logrus.Level {
	return []logrus.Level{logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel, logrus.WarnLevel}
}

func (h *libraryHook) Fire(e *logrus.Entry) error {
	if !h.said[e.Message] {
		h.said[e.Message] = true
		h.log.Warn().Msg("compose file: " + e.Message)
	}
	return nil
}

// priorityWriter puts syslog's priority in front of each line.
type priorityWriter struct{ io.Writer }

var _ zerolog.LevelWriter = priorityWriter{}

func (p priorityWriter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if _, err := fmt.Fprintf(p.Writer, "<%d>%s", priority(level), line); err != nil {
		return 0, err
	}
	return len(line), nil
}

// priority is syslog's for a level.
func priority(level zerolog.Level) int {
	switch level {
	case zerolog.DebugLevel, zerolog.TraceLevel:
		return 7
	case zerolog.WarnLevel:
		return 4
	case zerolog.ErrorLevel:
		return 3
	case zerolog.FatalLevel, zerolog.PanicLevel:
		return 2
	}
	return 6
}
