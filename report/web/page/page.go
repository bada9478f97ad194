// Package page is the status page of a running foster: one HTML document with
// its style sheet and scripts, embedded as they are. There is no build step,
// no framework, and nothing is loaded from anywhere else.
//
//	stream.js      what /events sends, and the way back when it is lost
//	   └─> main.js      owns what is known (model.js) and tells every part to draw
//	         ├─> children.js, detail.js, diagram.js   the children, one of them closely
//	         ├─> timeline.js, axis.js                 faults and recoveries, as a list and on an axis
//	         └─> recoveries.js                        how long they took
//
// The page shows what others have named, so no script makes markup of data:
// text goes in as text (dom.js), and the policy below allows no inline script.
// Every address in it is relative, so that a proxy may serve it under a prefix
// that it strips.
package page

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// Policy is the Content-Security-Policy that the page needs, and keeps to.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// kinds are the media types of the files; the machine's own table may say
// otherwise.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

// Handler serves the page at / and its parts beside it; everything else is not
// found. It answers GET and HEAD; others do not come as far as here. Between
// two requests it keeps nothing in memory.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "static" + r.URL.Path
		switch r.URL.Path {
		case "/":
			name = "static/index.html"
		case "/index.html":
			name = "" // it has one address
		}
		body, err := static.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		etag := fmt.Sprintf(`"%x"`, sha256.Sum256(body))
		h := w.Header()
		h.Set("Content-Type", kinds[path.Ext(name)])
		h.Set("ETag", etag)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", Policy)
		if strings.Contains(r.Header.Get("If-None-Match"), etag) { // one of several, or made weak by a proxy
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(body) // a client that is gone needs nothing
	})
}
