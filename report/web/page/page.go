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
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// Policy is the Content-Security-Policy that the page needs, and keeps to.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// file is one embedded file as it is served.
type file struct {
	body []byte
	kind string // its media type
	etag string
}

// Handler serves the page at / and its parts beside it; everything else is not
// found. It answers GET and HEAD; others do not come as far as here.
func Handler() http.Handler {
	files := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, found := files[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.kind)
		h.Set("ETag", f.etag)
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Security-Policy", Policy)
		if strings.Contains(r.Header.Get("If-None-Match"), f.etag) { // one of several, or made weak by a proxy
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(f.body) // a client that is gone needs nothing
	})
}

// load reads the embedded files, by the path that each is served at.
func load() map[string]file {
	files := map[string]file{}
	names, err := fs.Glob(static, "static/*")
	if err != nil {
		panic(err) // the pattern is well-formed
	}
	for _, name := range names {
		body, err := static.ReadFile(name)
		if err != nil {
			panic(err) // it was listed a moment ago
		}
		at := "/" + path.Base(name)
		if at == "/index.html" {
			at = "/"
		}
		files[at] = file{body: body, kind: mediaType(name), etag: fmt.Sprintf(`"%x"`, sha256.Sum256(body))}
	}
	return files
}

// mediaType does not ask the machine's own table, which may say otherwise.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	panic("no media type for " + name)
}
