package main

import (
	"crypto/rand"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"foster/report"
	"foster/report/web"
	"foster/state"
)

// openControl opens the control socket of a run that has not met its engine
// yet: who asks meanwhile is told so.
func (c *configured) openControl(engine Engine, began time.Time) *control {
	own, err := ownContainer(c.outside.procMountinfo)
	if err != nil {
		own = "" // who foster is, is found out later, with this error
	}
	ctl := &control{own: own, log: c.log}
	early := report.Config{Foster: report.Foster{Instance: rand.Text(), Version: version(), Started: began, Container: own, Parent: c.settings.Parent}}
	if own == "" {
		early.Project = c.project // of a container it may depend on the task
	}
	ctl.show(web.New(report.NewBoard(early, state.State{}), web.Options{Log: c.log}).Handler())
	// Another try follows when the project is this foster's alone.
	_ = ctl.open(c.outside.controlPaths(own, engine, c.project))
	return ctl
}

// showBoard lets the control socket answer with what the run reports.
func (c *configured) showBoard(ctl *control, engine Engine, live *live, board *report.Board) {
	ctl.show(web.New(board, web.Options{Log: c.log}).Handler())
	if err := ctl.open(c.outside.controlPaths(ctl.own, engine, live.project.Name)); err != nil {
		c.log.Warn().Err(err).Msg("there is no place for the control socket: foster health and foster status get no answer, and a healthcheck fails")
	}
}

// controlIdle opens the control socket of a command that goes on in a container
// without children of its own: the image's HEALTHCHECK asks it as well.
func controlIdle(out outside, doing string, log zerolog.Logger) *control {
	own, err := ownContainer(out.procMountinfo)
	if err != nil || own == "" || out.sockets == nil {
		return &control{}
	}
	ctl := &control{own: own, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, doing+"\n") })
	ctl.show(mux)
	if err := ctl.open(out.sockets); err != nil {
		log.Warn().Err(err).Msg("there is no place for the control socket: a healthcheck by foster health fails")
	}
	return ctl
}
