package page

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

// budget is what all files together may weigh: they are in the image, and in
// the memory of every foster.
const budget = 72_000 // bytes

// files are the embedded files by their names.
func files(t *testing.T) map[string]string {
	all := map[string]string{}
	names, err := fs.Glob(static, "static/*")
	for _, name := range names {
		body, failed := static.ReadFile(name)
		all[path.Base(name)], err = string(body), errors.Join(err, failed)
	}
	if err != nil || len(all) == 0 {
		t.Fatalf("%d embedded files: %v", len(all), err)
	}
	return all
}

func ask(at string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.Path = at
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

// TestFiles: everything that a file names is served beside it, as what it is,
// and asked for again only when it is another one.
func TestFiles(t *testing.T) {
	kinds := map[string]string{"/": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	names := regexp.MustCompile(`(?:src="|href="|from '\./)([a-z]+\.[a-z]+)["']`)
	seen, weight := map[string]bool{}, 0
	for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if seen[at] {
			continue
		}
		seen[at] = true
		resp := ask(at)
		body, _ := io.ReadAll(resp.Body)
		weight += len(body)
		_, ext, _ := strings.Cut(at, ".")
		if ext == "" {
			ext = at
		}
		if resp.StatusCode != http.StatusOK || len(body) == 0 || resp.Header.Get("Content-Type") != kinds[ext] {
			t.Errorf("%s: %s, %d bytes of %q", at, resp.Status, len(body), resp.Header.Get("Content-Type"))
		}
		if resp.Header.Get("Cache-Control") != "no-cache" || resp.Header.Get("Content-Security-Policy") != Policy {
			t.Errorf("%s: headers %v", at, resp.Header)
		}
		for _, etags := range []string{resp.Header.Get("ETag"), `"x", W/` + resp.Header.Get("ETag")} {
			if again := ask(at, "If-None-Match", etags); again.StatusCode != http.StatusNotModified || again.ContentLength > 0 {
				t.Errorf("%s: asked again with %s: %s", at, etags, again.Status)
			}
		}
		for _, m := range names.FindAllStringSubmatch(string(body), -1) {
			queue = append(queue, "/"+m[1])
		}
	}
	if all := files(t); len(seen) != len(all) {
		t.Errorf("%d of %d files are used: %v", len(seen), len(all), seen)
	}
	if weight > budget {
		t.Errorf("the files weigh %d bytes, more than %d", weight, budget)
	}
	for _, at := range []string{"/index.html", "/page.go", "/static/", "/../page.go", "/..", "//", "/foster/", ""} {
		if resp := ask(at); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%q: %s", at, resp.Status)
		}
	}
}

// TestSelfContained: nothing is loaded from elsewhere, nothing of the page is
// at an address that a prefix would break, and no script makes markup of data.
func TestSelfContained(t *testing.T) {
	forbidden := regexp.MustCompile(`https?://|(?:src|href)="/|url\((?:"|')?[^#]|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\bstyle=|\bon[a-z]+="`)
	for at, text := range files(t) {
		for _, m := range forbidden.FindAllString(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), -1) {
			t.Errorf("%s has %q", at, m)
		}
	}
}
