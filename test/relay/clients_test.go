package relay

import (
	"fmt"
	"net"
	"testing"

	"foster/test/lab"
)

// TestClients: what a client had sent before its end still comes, and holds
// its connection.
func TestClients(t *testing.T) {
	r := New(t, newEngine(t).socket)
	read, answer := make(chan struct{}), make(chan struct{})
	r.Intercept(func(Exchange) Action {
		close(read)
		<-answer
		return Drop()
	})
	conn, err := net.Dial("unix", r.socket())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST /containers/x/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-read
	if n := r.Clients(); n != 1 {
		t.Errorf("%d connections while a request is under way", n)
	}
	close(answer)
	lab.Eventually(t, patience, "the end of the connection", func() error {
		if n := r.Clients(); n != 0 {
			return fmt.Errorf("%d connections", n)
		}
		return nil
	})
	if n := len(r.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
