package reap

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// barWidth is that of the bar on a terminal.
const barWidth = 24

// wait passes the time until the last of the orphans is due. On a terminal it
// shows how far it has come, elsewhere it says once what it waits for.
func (r *Reaper) wait(ctx context.Context, pending []Finding) error {
	end := time.Now()
	for _, f := range pending {
		if f.due.After(end) {
			end = f.due
		}
	}
	whole := time.Until(end)
	what := fmt.Sprintf("for %s, which the next foster may take over", counted(len(pending), "orphan"))
	if r.cfg.Progress != nil && !r.cfg.Terminal {
		fmt.Fprintf(r.cfg.Progress, "waiting %s %s\n", max(whole, time.Second).Round(time.Second), what)
	}
	done := time.NewTimer(whole)
	defer done.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		if r.cfg.Progress != nil && r.cfg.Terminal {
			left := time.Until(end)
			full := barWidth
			if whole > 0 {
				full = min(barWidth, max(0, int(barWidth*(whole-left)/whole)))
			}
			fmt.Fprintf(r.cfg.Progress, "\r\033[K[%s%s] waiting %s %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), max(0, left).Round(time.Second), what)
		}
		select {
		case <-ctx.Done():
			r.endLine()
			return ctx.Err()
		case <-done.C:
			r.endLine()
			return nil
		case <-second.C:
		}
	}
}

// endLine takes the progress off the terminal.
func (r *Reaper) endLine() {
	if r.cfg.Progress != nil && r.cfg.Terminal {
		fmt.Fprint(r.cfg.Progress, "\r\033[K")
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
