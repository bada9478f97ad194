// Child is what the demo lets foster launch: it serves a page on port 8080 until SIGTERM, and `child get` asks the page
// of the same container, so that no port has to be published. It runs from scratch on any Linux engine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const port = ":8080"

func main() {
	run := serve
	if len(os.Args) > 1 && os.Args[1] == "get" {
		run = get
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	s := &http.Server{Addr: port, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "hello from %s\n", host)
	})}
	ended := make(chan error, 1)
	go func() { ended <- s.ListenAndServe() }()
	fmt.Println("serving a page on " + port)
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		fmt.Println("stopping")
		if err := s.Close(); err != nil {
			return err
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

func get() error {
	ask := http.Client{Timeout: time.Second}
	answer, err := ask.Get("http://127.0.0.1" + port + "/")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}
