package actions

import (
	"strings"
	"testing"
	"time"
)

func TestPauseAsked(t *testing.T) {
	for text, want := range map[string]time.Duration{
		// What registries say, as the engine passes it on.
		"Error response from daemon: toomanyrequests: retry-after: 985.86µs, allowed: 44000/minute":                                                                      time.Second,
		"toomanyrequests: retry-after: 1.2s, allowed: 44000/minute":                                                                                                      1200 * time.Millisecond,
		"toomanyrequests: Rate exceeded":                                                                                                                                 time.Minute,
		"toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit":                                             time.Minute,
		"toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit": time.Minute,
		`error parsing HTTP 429 response body: invalid character 'T' looking for beginning of value: "Too Many Requests (HAP429).\n"`:                                    time.Minute,
		`error parsing HTTP 429 response body: unexpected end of JSON input: ""`:                                                                                         time.Minute,
		`unexpected status from HEAD request to https://registry-1.docker.io/v2/library/app/manifests/1: 429 Too Many Requests`:                                          time.Minute,
		"toomanyrequests: Request exceeded pull rate limit for IP 127.0.0.1":                                                                                             time.Minute,
		`error parsing HTTP 429 response body: invalid character 'R': "Retry-After: 30"`:                                                                                 30 * time.Second,
		`{"retry_after": "90"} too many requests`:                                                                                                                        90 * time.Second,
		"toomanyrequests: slow down, try again in 30 seconds":                                                                                                            30 * time.Second,
		"too many requests, please wait for about 2 minutes and 5 seconds":                                                                                               125 * time.Second,
		"too many requests: retry in 1m30s":                                                                                                                              90 * time.Second,
		"too many requests: the quota is available in 5min":                                                                                                              5 * time.Minute,
		"toomanyrequests: pull rate limit reached (1h)":                                                                                                                  time.Hour,
		"toomanyrequests: rate limit of 100 pulls per 6h is reached, 20m left":                                                                                           20 * time.Minute,
		"toomanyrequests: rate limit of 100 pulls per 6 hours is reached":                                                                                                time.Minute,

		// Bounds.
		"too many requests, retry after 0":                           time.Second,
		"too many requests, retry after 2 days":                      time.Hour,
		"too many requests, retry after 99999999999999999999h":       time.Hour,
		"too many requests, retry after " + strings.Repeat("9", 400): time.Minute,

		// Not about a limit.
		"manifest for r.example/app:429 not found: manifest unknown: manifest unknown": 0,
		"unauthorized: authentication required, retry after 30":                        0,
		`Get "http://r.example:429/v2/": dial tcp: connect: connection refused`:        0,
		"": 0,
	} {
		if got := pauseAsked(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
