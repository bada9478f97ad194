package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/rs/zerolog"

	"foster/report"
)

// Options is what a Server serves beside the Board; the zero value is fine.
type Options struct {
	// Metrics answers /metrics; nil: there are none.
	Metrics http.Handler
	// Page answers / and every path that nobody else does, with 404 where it
	// knows none. It has to bring a Content-Security-Policy of its own, since
	// the one of all other answers allows nothing. nil: there is none.
	Page http.Handler
	Log  zerolog.Logger
}

// Server answers questions about one run.
type Server struct {
	board   *report.Board
	opts    Options
	streams chan struct{} // has an element for each open stream
}

// New makes a Server for a Board.
func New(board *report.Board, opts Options) *Server {
	return &Server{board: board, opts: opts, streams: make(chan struct{}, maxStreams)}
}

// Handler answers requests as docs/http.md says. Its streams end with the
// context of their request.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", s.health)
	mux.HandleFunc("/readyz", s.ready)
	mux.HandleFunc("/status", s.status)
	mux.HandleFunc("/events", s.events)
	if s.opts.Metrics != nil {
		mux.Handle("/metrics", s.opts.Metrics)
	}
	if s.opts.Page != nil {
		mux.Handle("/", s.opts.Page)
	}
	return http.MaxBytesHandler(s.guard(mux), maxBody)
}

// guard lets only reading requests through, and sets the headers that every
// answer has.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p != http.ErrAbortHandler {
				s.opts.Log.Error().Str("path", r.URL.Path).Interface("panic", p).Msg("an HTTP request could not be answered: this is a bug")
			}
			panic(http.ErrAbortHandler) // what is cut must not look whole
		}()
		switch {
		case rebound(r):
			line(w, http.StatusMisdirectedRequest, "on a loopback address only localhost and addresses are answered: let a reverse proxy send Host: localhost")
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			line(w, http.StatusMethodNotAllowed, "everything here is read-only: use GET or HEAD")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// rebound: the request came over a loopback address, but asks for a name that
// is not the loopback's. That is how a web page of somebody else's, in a browser
// on this host, reads what is served to this host alone (DNS rebinding). On
// other addresses any name may be right: a service's, a node's, a proxy's.
func rebound(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	tcp, ok := local.(*net.TCPAddr)
	if !ok || !tcp.IP.IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return false
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err != nil
}
