package main

import (
	"context"
	"sync"
	"time"

	"foster/report"
	"foster/report/webhook"
	"foster/state"
)

// held notifies of another foster on this host that has the project. The run has
// not begun then, so this has a board of its own. nil: there was none.
type held struct {
	board   *report.Board
	cancel  context.CancelFunc
	sending sync.WaitGroup
}

// newHeld begins to send, until end is called.
func (c *configured) newHeld(ctx context.Context, engine Engine, l *live) *held {
	reported := l.reported(engine, time.Now())
	h := &held{board: report.NewBoard(reported, state.State{})}
	ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if c.settings.WebhookURL == "" {
		return h
	}
	s := webhook.New(webhook.Config{
		URL: c.settings.WebhookURL, Body: c.settings.WebhookBody, Board: h.board,
		Foster: reported.Foster, Project: reported.Project, Log: c.log,
	})
	h.sending.Go(func() {
		_ = s.Run(ctx) // it ends with ctx's error
	})
	return h
}

func (h *held) by(holder string) {
	h.board.Stepped(report.Step{At: time.Now(), Effects: []state.Effect{state.Note{Kind: state.Held, Detail: holder}}})
}

// end waits for what is on its way, as webhook.Sender.Run says. It is for the
// end of the run: whoever has got the project at last does not wait for that.
func (h *held) end() {
	if h != nil {
		h.cancel()
		h.sending.Wait()
	}
}
