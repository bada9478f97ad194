package main

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// Every running foster answers on a unix socket, whether or not it serves
// anything elsewhere: the commands health and status ask there. It is a file,
// so that it works with any network mode, and only foster's own user may use it.

const (
	controlDial  = time.Second      // to find out whether somebody listens
	controlLock  = 3 * time.Second  // for the lock of a place
	controlRead  = 5 * time.Second  // for all of a request
	controlWrite = 10 * time.Second // for an answer; a stream sets its own
	controlEnd   = time.Second      // for the answers that are on their way at the end
	// controlOwner is the header of each answer with the container of the foster
	// that answers: directories may be shared.
	controlOwner = "Foster-Container"
)

// errSocketTaken: another foster answers there.
var errSocketTaken = errors.New("another foster answers there")

// control is the socket of one run. The zero value answers nobody.
type control struct {
	own string // foster's own container, "" outside
	log zerolog.Logger

	refused refusals

	path    string
	inode   os.FileInfo
	server  *http.Server
	current atomic.Pointer[shown]
	serving sync.WaitGroup
}

// shown is what is answered until something else is; requests that are under
// way end with it.
type shown struct {
	handler http.Handler
	ctx     context.Context
	end     context.CancelFunc
}

// open listens at the first of the paths where that is possible, unless it
// does already. It answers 503 before the first show.
func (c *control) open(paths []string) error {
	if c.server != nil {
		return nil
	}
	var errs []error
	for _, path := range paths {
		listener, inode, err := listenAt(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		c.path, c.inode = path, inode
		server := &http.Server{
			Handler: http.HandlerFunc(c.answer), ErrorLog: stdlog.New(debugLines{c.log}, "", 0),
			ReadHeaderTimeout: controlRead, ReadTimeout: controlRead, WriteTimeout: controlWrite, MaxHeaderBytes: 16 << 10,
		}
		c.server = server
		c.serving.Go(func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				c.log.Warn().Err(err).Str("socket", path).Msg("the control socket is lost: foster health and foster status get no answer")
			}
		})
		return nil
	}
	return errors.Join(errs...)
}

// show answers with a handler from now on.
func (c *control) show(handler http.Handler) {
	ctx, end := context.WithCancel(context.Background())
	if before := c.current.Swap(&shown{handler, ctx, end}); before != nil {
		before.end()
	}
}

func (c *control) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(controlOwner, c.own)
	now := c.current.Load()
	if now == nil {
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(now.ctx, cancel)()
	if r.URL.Path == "/healthz" {
		w = &noting{w, &c.refused}
	}
	now.handler.ServeHTTP(w, r.WithContext(ctx))
}

// close ends all answers and removes the socket, if it is still this run's.
func (c *control) close() {
	if now := c.current.Swap(nil); now != nil {
		now.end()
	}
	if c.server == nil {
		return
	}
	if is, err := os.Lstat(c.path); err == nil && os.SameFile(is, c.inode) {
		_ = os.Remove(c.path) // what is left is found to be stale
	}
	ctx, cancel := context.WithTimeout(context.Background(), controlEnd)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		_ = c.server.Close() // those who do not take their answer
	}
	c.server = nil
	c.serving.Wait()
}

// listenAt listens on a unix socket for this user alone, and tells which file
// that is. One that is left of a foster that is gone is replaced. Fosters of
// several containers may share the directory, and begin at the same time: all of
// it happens under a lock.
func listenAt(path string) (net.Listener, os.FileInfo, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), controlLock)
	defer cancel()
	l, err := takeLock(ctx, path+".lock", func(string) {})
	if err != nil {
		return nil, nil, fmt.Errorf("wait for another foster that opens its socket: %w", err)
	}
	defer func() { _ = l.release() }() // the file may stay, the lock does not
	conn, err := net.DialTimeout("unix", path, controlDial)
	switch {
	case err == nil:
		return nil, nil, errors.Join(errSocketTaken, conn.Close())
	case errors.Is(err, os.ErrNotExist):
	case errors.Is(err, syscall.ECONNREFUSED):
		if is, err := os.Lstat(path); err != nil || is.Mode().Type() != os.ModeSocket {
			return nil, nil, fmt.Errorf("a file that is no socket is in the way")
		}
	default:
		return nil, nil, err
	}
	// Made beside it and moved, so that nobody finds it before it is private,
	// and a stale one goes in the same moment.
	fresh := path + ".new"
	_ = os.Remove(fresh) // of one that died at this point: whoever lives has the lock
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, nil, err
	}
	listener.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, 0o600), os.Rename(fresh, path)); err != nil {
		return nil, nil, errors.Join(err, os.Remove(fresh), listener.Close())
	}
	inode, err := os.Lstat(path)
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return listener, inode, nil
}

// debugLines takes what net/http says of its clients.
type debugLines struct{ log zerolog.Logger }

func (l debugLines) Write(p []byte) (int, error) {
	l.log.Debug().Bytes("detail", p).Msg("a client of the control socket did something unexpected")
	return len(p), nil
}
