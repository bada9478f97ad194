// Package webhook tells somebody else's HTTP server what an operator wants to
// be woken for: faults, recoveries, giving up, waiting.
//
// The sender reads the board's history at its own pace, so nothing that happens
// out there, an answer that does not come or a server that is away for an hour,
// can hold a recovery up. What is to be sent waits in a bounded queue; what does
// not fit, or comes faster than the rate allows, is counted, and the count goes
// with the next notification.
//
//		board ──Since──> Sender ──queue, rate──> deliver ──POST, backoff──> URL
//
//	  - webhook.go: the Sender.
//	  - deliver.go: one notification, with its retries.
//	  - message.go: what is told of an entry.
//	  - body.go: the JSON of it, the whole or by a template.
//
// The URL is a secret (its path mostly is the password): no error, log line or
// label has more of it than its host.
package webhook
