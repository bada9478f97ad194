package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"foster/cmd/foster/status"
	"foster/spec"
)

// errNoFoster: nobody answers here.
var errNoFoster = errors.New("no foster runs here")

// asker asks one running foster by its control socket.
type asker struct {
	path    string
	project string // "" in a container: whatever runs there
	client  *http.Client
}

func newAsker(path, project string) *asker {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &asker{path: path, project: project, client: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// get asks for a path. The caller closes the answer's body.
func (a *asker) get(ctx context.Context, path string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://foster"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask foster: %w", err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := a.client.Do(req)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTDIR):
		return nil, errNoFoster
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("foster does not answer at %s", a.path)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("ask foster at %s: run this as the user that foster runs as: %w", a.path, err)
	case err != nil:
		return nil, fmt.Errorf("ask foster at %s: %w", a.path, err)
	}
	return resp, nil
}

// ask is get with the whole answer.
func (a *asker) ask(ctx context.Context, path string) (*http.Response, []byte, error) {
	resp, err := a.get(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, status.MaxAnswer))
	if err != nil {
		return nil, nil, fmt.Errorf("read foster's answer at %s: %w", a.path, err)
	}
	return resp, body, nil
}

// answer is what a running foster said.
type answer struct {
	*asker
	code int
	body []byte
}

// find asks running fosters for a path: the one of this container, or those
// outside of containers, of one project or of all, in the order of their places.
// One that is there and does not answer until ctx ends is an error where no
// other does; errNoFoster is none at all.
func (out outside) find(ctx context.Context, project, path string) ([]answer, error) {
	own, err := ownContainer(out.procMountinfo)
	if err != nil {
		return nil, err
	}
	var askers []*asker
	if own != "" {
		for _, path := range out.sockets {
			askers = append(askers, newAsker(path, ""))
		}
	} else if out.lockDir != "" {
		for _, s := range (lockPlaces{own: out.lockDir, run: runDir, tmp: os.TempDir()}).hostSockets(project) {
			askers = append(askers, newAsker(s.path, s.project))
		}
	}
	// All at once: one that is frozen takes the time of nobody else.
	asking, done := context.WithCancel(ctx)
	defer done()
	answers, errs := make([]*answer, len(askers)), make([]error, len(askers))
	var asked sync.WaitGroup
	for i, a := range askers {
		asked.Go(func() {
			resp, body, err := a.ask(asking, path)
			switch {
			case err != nil:
				errs[i] = err
			case resp.Header.Get(controlOwner) != own: // the directory is shared with another container
			default:
				answers[i] = &answer{a, resp.StatusCode, body}
				if own != "" {
					done() // there is no other
				}
			}
		})
	}
	asked.Wait()
	var found []answer
	var broken error
	for i := range askers {
		switch {
		case answers[i] != nil:
			found = append(found, *answers[i])
		case !errors.Is(errs[i], errNoFoster):
			broken = cmp.Or(broken, errs[i])
		}
	}
	switch {
	case len(found) == 0:
		return nil, cmp.Or(broken, errNoFoster)
	case own != "":
		return found[:1], nil
	}
	return found, nil
}

// findOne is find where one foster is meant: of several, those of the engine
// here come first.
func (out outside) findOne(ctx context.Context, project, path string) (answer, error) {
	found, err := out.find(ctx, project, path)
	if err != nil {
		return answer{}, err
	}
	if len(found) > 1 {
		if here := out.ofEngine(found); len(here) > 0 {
			found = here
		}
	}
	if len(found) > 1 {
		return answer{}, ambiguous(project, found)
	}
	return found[0], nil
}

// ambiguous is the problem of a question that only one foster can answer.
func ambiguous(project string, found []answer) error {
	var names []string
	for _, a := range found {
		names = append(names, a.project)
	}
	slices.Sort(names)
	return spec.Problems{{Variable: "--project", Value: project, What: "several fosters run here: " + strings.Join(names, ", "), Mend: "name one with --project, its engine with DOCKER_HOST"}}
}
