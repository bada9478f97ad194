package relay

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// takeOver is a request after which the connection belongs to both sides, if
// the engine agrees.
func (r *Relay) takeOver(w http.ResponseWriter, in *http.Request, q *Request, out *http.Request, before Action) {
	engine, err := (&net.Dialer{}).DialContext(r.ctx, "unix", r.engine)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer engine.Close()
	// The relay's end ends every wait for the engine.
	defer context.AfterFunc(r.ctx, func() { engine.Close() })()
	if err := out.Write(engine); err != nil {
		panic(http.ErrAbortHandler)
	}
	from := bufio.NewReader(engine)
	resp, err := http.ReadResponse(from, out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	r.note(func() { q.Engine = resp.StatusCode })
	after := r.ask(q, After)
	if !r.obey(w, in, q, after) {
		return
	}
	r.given(in, q, resp.StatusCode)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer client.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		_ = resp.Write(client) // a client that has left misses nothing
		return
	}
	if resp.Write(client) != nil || before.kind == cut || after.kind == cut {
		return
	}
	defer context.AfterFunc(r.ctx, func() { client.Close() })()
	var copying sync.WaitGroup
	copying.Go(func() {
		_, _ = io.Copy(engine, buffered) // either side may leave
		closeWrite(engine)
	})
	_, _ = io.Copy(client, from)
	closeWrite(client)
	// The engine has said all. What the client has still to say nobody hears.
	client.Close()
	copying.Wait()
}

// closeWrite says that nothing more comes from this side.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // it is closed altogether soon
	}
}
