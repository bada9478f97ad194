package relay

import (
	"net"
	"net/http"
)

// Clients is the number of open connections. Of a client that has ended it is 0
// once all that it had sent was read, and passed on or given up.
func (r *Relay) Clients() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clients
}

// connected follows the connections; one that was taken over from the server
// has its own end.
func (r *Relay) connected(_ net.Conn, now http.ConnState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch now {
	case http.StateNew:
		r.clients++
	case http.StateClosed, http.StateHijacked:
		r.clients--
	}
}
