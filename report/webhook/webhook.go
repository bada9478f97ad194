package webhook

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"foster/report"
	"foster/state"
)

const (
	// queueMost is how many notifications wait at most; the oldest go first.
	queueMost = 64
	// burst notifications go out at once, then one per interval.
	burst    = 20
	interval = 10 * time.Second
	// farewell is how long after the end of the run what is left is tried, once.
	farewell = time.Second
)

// Config is whom to tell, and of whom.
type Config struct {
	URL     string // http or https; see CheckURL
	Body    Body
	Board   *report.Board
	Foster  report.Foster
	Project string
	Log     zerolog.Logger
	// Transport carries the requests; nil: the usual one, with the proxies that
	// the environment names.
	Transport http.RoundTripper
}

// CheckURL says whether notifications can go there: "" or what is wrong. The
// answer has nothing of the address in it.
func CheckURL(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Host == "":
		return "is not an address"
	case u.Scheme != "http" && u.Scheme != "https":
		return "is not an http or https address"
	}
	return ""
}

// Sender sends notifications for one run.
type Sender struct {
	cfg    Config
	host   string
	client *http.Client
	limit  *rate.Limiter

	queue      []report.Entry
	suppressed int // and not told of yet
	telling    int // of those, how many the message tells that is on its way
	failures   int // notifications in a row that were not taken
}

// New makes a Sender; Run starts it.
func New(cfg Config) *Sender {
	s := &Sender{cfg: cfg, limit: rate.NewLimiter(rate.Every(interval), burst)}
	if u, err := url.Parse(cfg.URL); err == nil {
		s.host = u.Host
	}
	transport := cfg.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

// Run sends what the board tells until ctx ends; then what is left is tried
// once, within a second. It returns ctx's error and is called once.
func (s *Sender) Run(ctx context.Context) error {
	reader := s.cfg.Board.Subscribe()
	defer reader.Close()
	defer s.client.CloseIdleConnections()

	// A try that is under way at the end may still come to its own.
	posting, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()

	// Deliveries have a goroutine of their own: what happens meanwhile is taken
	// from the board before its history forgets it.
	sent := make(chan error, 1)
	sending := false
	var current report.Entry // while sending
	var seq uint64
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		seq = s.take(seq)
		if !sending && len(s.queue) > 0 {
			if wait := s.wait(); wait > 0 {
				pause.Reset(wait)
			} else {
				sending = true
				current = s.next()
				id, body, err := s.message(current)
				go func() {
					if err == nil {
						err = s.deliver(ctx, posting, id, body)
					}
					sent <- err
				}()
			}
		}
		select {
		case <-ctx.Done():
			end := time.AfterFunc(farewell, abandon)
			defer end.Stop()
			if sending {
				if <-sent == nil {
					s.suppressed -= s.telling
				} else {
					s.queue = slices.Insert(s.queue, 0, current)
				}
			}
			s.farewell(posting, seq)
			return ctx.Err()
		case <-reader.Moved():
		case <-pause.C:
		case err := <-sent:
			sending = false
			s.done(ctx, err)
		}
	}
}

// take puts what is new on the board into the queue.
func (s *Sender) take(seq uint64) uint64 {
	for _, e := range s.cfg.Board.Since(seq) {
		seq = e.Seq
		if !isTold(e) {
			continue
		}
		if len(s.queue) == queueMost {
			s.queue = s.queue[1:]
			s.suppressed++
		}
		s.queue = append(s.queue, e)
	}
	return seq
}

// wait is how long the rate holds the next notification back.
func (s *Sender) wait() time.Duration {
	r := s.limit.Reserve()
	wait := r.Delay()
	if wait > 0 {
		r.Cancel()
	}
	return wait
}

// next takes the oldest off the queue.
func (s *Sender) next() report.Entry {
	e := s.queue[0]
	s.queue = s.queue[1:]
	return e
}

// message is what is posted of an entry. It tells of all that were suppressed
// up to now; more may be while it is on its way.
func (s *Sender) message(e report.Entry) (id string, body []byte, err error) {
	s.telling = s.suppressed
	fields := message(s.cfg.Foster, s.cfg.Project, e, s.suppressed)
	body, err = s.cfg.Body.of(fields)
	return fields[len(fields)-1].value.(string), body, err
}

// done notes how a delivery ended.
func (s *Sender) done(ctx context.Context, err error) {
	switch {
	case err == nil:
		s.suppressed -= s.telling
		if s.failures > 0 {
			s.cfg.Log.Info().Str("host", s.host).Int(state.KeyAttempt, s.failures).Msg("notifications are delivered again")
			s.failures = 0
		}
	case ctx.Err() == nil:
		s.suppressed++
		level := zerolog.DebugLevel
		if s.failures++; s.failures == 1 {
			level = zerolog.WarnLevel
		}
		s.cfg.Log.WithLevel(level).Err(err).Str("host", s.host).Msg("a notification is lost")
	}
}

// farewell tries what is left once, until ctx ends: errors first, since why
// foster gave up is among them, and a server may take all the time for what
// came before.
func (s *Sender) farewell(ctx context.Context, seq uint64) {
	s.take(seq)
	slices.SortStableFunc(s.queue, func(a, b report.Entry) int { return rank(a) - rank(b) })
	for len(s.queue) > 0 {
		id, body, err := s.message(s.next())
		if err == nil {
			err = s.post(ctx, &pauses{}, id, body)
		}
		if err != nil {
			s.cfg.Log.Debug().Err(err).Str("host", s.host).Msg("a notification is lost")
			continue
		}
		s.suppressed -= s.telling
	}
}

// rank is an entry's place in a farewell.
func rank(e report.Entry) int {
	if e.Level == zerolog.LevelErrorValue {
		return 0
	}
	return 1
}
