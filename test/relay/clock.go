package relay

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// step is a change of the engine's clock, at a moment of the true one.
type step struct {
	at     time.Time
	offset time.Duration // from then on, in all
}

// StepClock sets the engine's clock forward by d, or back where d is negative,
// as the client sees it: what happens from now on has stamps of the new time in
// events, inspects and lists; what happened before keeps the old ones. Steps add
// up.
func (r *Relay) StepClock(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.steps); n > 0 {
		d += r.steps[n-1].offset
	}
	r.steps = append(r.steps, step{at: time.Now(), offset: d})
}

func (r *Relay) clock() []step {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.steps
}

// shown is what the stepped clock showed at a moment.
func shown(steps []step, t time.Time) time.Time {
	for i := len(steps) - 1; i >= 0; i-- {
		if !t.Before(steps[i].at) {
			return t.Add(steps[i].offset)
		}
	}
	return t
}

// since translates the moment from which events are asked for. The engine goes
// back through its events as long as their stamps are not before that moment.
func since(steps []step, asked time.Time) time.Time {
	for i := len(steps) - 1; i >= 0; i-- {
		if from := asked.Add(-steps[i].offset); from.After(steps[i].at) {
			return from
		}
	}
	if len(steps) > 0 && asked.After(steps[0].at) {
		return steps[0].at
	}
	return asked
}

// unstep translates the question for events.
func (r *Relay) unstep(u *url.URL) {
	steps := r.clock()
	query := u.Query()
	seconds, nanos, _ := strings.Cut(query.Get("since"), ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || len(steps) == 0 {
		return
	}
	n, _ := strconv.ParseInt((nanos + "000000000")[:9], 10, 64) // none is 0
	t := since(steps, time.Unix(s, n))
	query.Set("since", fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()))
	u.RawQuery = query.Encode()
}

var (
	eventSeconds = regexp.MustCompile(`"time":\d+`)
	eventNanos   = regexp.MustCompile(`"timeNano":(\d+)`)
	listSeconds  = regexp.MustCompile(`"Created":\d+`)
	inspectTime  = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"`)
)

// restampEvent gives an event the stepped clock's stamps.
func (r *Relay) restampEvent(line []byte) []byte {
	steps := r.clock()
	found := eventNanos.FindSubmatch(line)
	if len(steps) == 0 || found == nil {
		return line
	}
	nano, _ := strconv.ParseInt(string(found[1]), 10, 64) // digits
	t := shown(steps, time.Unix(0, nano))
	line = eventSeconds.ReplaceAll(line, fmt.Appendf(nil, `"time":%d`, t.Unix()))
	return eventNanos.ReplaceAll(line, fmt.Appendf(nil, `"timeNano":%d`, t.UnixNano()))
}

// restamp gives all times in an answer the stepped clock's.
func (r *Relay) restamp(body []byte) []byte {
	steps := r.clock()
	if len(steps) == 0 {
		return body
	}
	body = listSeconds.ReplaceAllFunc(body, func(found []byte) []byte {
		_, digits, _ := strings.Cut(string(found), ":")
		n, _ := strconv.ParseInt(digits, 10, 64) // digits
		return fmt.Appendf(nil, `"Created":%d`, shown(steps, time.Unix(n, 0)).Unix())
	})
	return inspectTime.ReplaceAllFunc(body, func(found []byte) []byte {
		t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(found))
		if err != nil || t.Year() < 2000 { // "never" stays never
			return found
		}
		return []byte(`"` + shown(steps, t).Format(time.RFC3339Nano) + `"`)
	})
}
