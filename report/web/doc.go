// Package web serves what a report.Board has to tell over HTTP: to people,
// browsers, monitoring and the commands of this program. docs/http.md is its
// contract.
//
//	/healthz /readyz   one line, 200 or 503            answers.go
//	/status            the whole report.Status         answers.go
//	/events            the same as it moves, as SSE    events.go
//	/metrics           Options.Metrics, if any
//	/ and the rest     Options.Page, if any
//
// Everything is read-only and nothing is secret, so there is no login. What a
// client may cost is bounded all the same (serve.go): the time to send a request
// and to take an answer, the size of a request, the number of connections and
// of streams. Nobody waits for a client but the goroutine that serves it: the
// Board only rings a bell (report.Reader), and a stream that was slow takes up
// from what is kept then.
package web
