// Package redact takes out of texts of others what must not be repeated: an
// engine's error quotes the mount data of a volume and the command of a
// healthcheck, and a healthcheck prints what it likes. It knows what a secret
// looks like, not what one is: whoever has a choice does not repeat the text.
package redact

import "regexp"

var secrets = []struct {
	found *regexp.Regexp
	put   string
}{
	// DB_PASS=x, token='x', ?token=x&…
	{regexp.MustCompile(`(?i)\b([a-z_]*(?:password|passwd|pass|secret|token|credential|api_?key)s?=["']?)[^,\s"'&]+`), "$1***"},
	// {"token": "x"}
	{regexp.MustCompile(`(?i)("[a-z_]*(?:password|passwd|pass|secret|token|credential|api_?key)s?"\s*:\s*")[^"]*`), "$1***"},
	// password: x; the others are words of errors, too
	{regexp.MustCompile(`(?i)\b((?:password|passwd|api[_-]?key):\s*)[^,\s"'&]+`), "$1***"},
	// Authorization: Bearer x
	{regexp.MustCompile(`(?i)\b(authorization:\s*(?:basic|bearer|token)?\s*)[^,\s"']+`), "$1***"},
	{regexp.MustCompile(`://[^/@\s"']+@`), "://***@"},
}

// Text is the text with *** for the value of each `password=…`, `"password": "…"`
// and the like, of an Authorization header, and for the user part of each URL.
func Text(s string) string {
	for _, secret := range secrets {
		s = secret.found.ReplaceAllString(s, secret.put)
	}
	return s
}
