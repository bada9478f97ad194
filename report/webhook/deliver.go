package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"
)

const (
	// postTimeout is for one try, from its beginning to the end of the answer.
	postTimeout = 10 * time.Second
	// The pauses between tries, and for how long a notification is tried: what
	// is older is no news.
	retryFirst   = time.Second
	retryMost    = time.Minute
	retryElapsed = 15 * time.Minute
	// answerMost is how much of an answer is read, in bytes, so that the
	// connection can be used again.
	answerMost = 64 << 10
)

// deliver posts one notification until it is taken, refused for good, too old,
// or ctx ends. A try that is under way then ends with posting.
func (s *Sender) deliver(ctx, posting context.Context, id string, body []byte) error {
	pauses := &pauses{BackOff: backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(retryFirst), backoff.WithMaxInterval(retryMost), backoff.WithMaxElapsedTime(retryElapsed),
	)}
	tries := 0
	return backoff.RetryNotify(func() error {
		return s.post(posting, pauses, id, body)
	}, backoff.WithContext(pauses, ctx), func(err error, wait time.Duration) {
		if tries++; tries == 1 && s.failures == 0 {
			s.cfg.Log.Warn().Err(err).Str("host", s.host).Msg("a notification cannot be delivered, trying again")
			return
		}
		s.cfg.Log.Debug().Err(err).Str("host", s.host).Dur("wait", wait.Round(time.Millisecond)).Msg("a notification cannot be delivered yet")
	})
}

// pauses is a backoff that also waits for as long as the server asks for.
type pauses struct {
	backoff.BackOff
	least time.Duration
}

func (p *pauses) NextBackOff() time.Duration {
	wait := p.BackOff.NextBackOff()
	if wait == backoff.Stop {
		return wait
	}
	return max(wait, p.least)
}

// post tries once. An error that no repetition mends is permanent.
func (s *Sender) post(ctx context.Context, p *pauses, id string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	p.least = 0 // what an earlier answer asked for is over
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the address is not one"))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "foster/"+s.cfg.Foster.Version)
	req.Header.Set("Foster-Delivery", id) // the same in each try of one notification
	resp, err := s.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, answerMost) // what it says is of no interest
	switch code := resp.StatusCode; {
	case code < 300:
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		p.least = retryAfter(resp)
		return fmt.Errorf("the server answers %s", resp.Status)
	case code < 400:
		return backoff.Permanent(fmt.Errorf("the server answers %s: redirects are not followed, name the address itself", resp.Status))
	default:
		return backoff.Permanent(fmt.Errorf("the server answers %s", resp.Status))
	}
}

// retryAfter is how long the server wants to be left alone: at most retryMost,
// whatever it says.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, retryMost)
}

// withoutURL is the reason that a request failed; the client's own error begins
// with the address.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err
}
