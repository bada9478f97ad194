package main

import (
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
)

// newLogger writes one line per entry. journald is json behind the priority
// that systemd and the journald logging driver read.
func newLogger(w io.Writer, format string, level zerolog.Level) zerolog.Logger {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	zerolog.DurationFieldUnit = time.Millisecond
	if format == "auto" {
		format = "json"
		if f, ok := w.(*os.File); ok && isatty.IsTerminal(f.Fd()) {
			format = "console"
		}
	}
	switch format {
	case "console":
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: "15:04:05.000", NoColor: os.Getenv("NO_COLOR") != ""}
	case "journald":
		w = priorityWriter{w}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

// priorityWriter puts syslog's priority in front of each line.
type priorityWriter struct{ io.Writer }

var _ zerolog.LevelWriter = priorityWriter{}

func (p priorityWriter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	priority := "<6>"
	switch level {
	case zerolog.DebugLevel, zerolog.TraceLevel:
		priority = "<7>"
	case zerolog.WarnLevel:
		priority = "<4>"
	case zerolog.ErrorLevel:
		priority = "<3>"
	case zerolog.FatalLevel, zerolog.PanicLevel:
		priority = "<2>"
	}
	if _, err := p.Writer.Write(append([]byte(priority), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}
