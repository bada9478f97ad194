package main

import (
	"context"
	"os"
	"slices"
	"time"

	"foster/report"
	"foster/spec"
	"foster/state"
)

// live is what a run knows once it has met the engine.
type live struct {
	self    spec.Identity
	environ []string // of foster's own container, as the engine has it
	lock    *lock    // outside of containers
	held    *held    // by another foster outside of containers, at the beginning
	parent  *parent
	project *spec.Project
	core    state.Config

	farewell farewell
}

func (l *live) networks() []string {
	var names []string
	for _, n := range l.core.Networks {
		names = append(names, n.Name)
	}
	return names
}

// hooks are the commands that belong to the start of each child, in order.
func (l *live) hooks() map[string][][]string {
	out := map[string][][]string{}
	for _, c := range l.project.Children {
		for _, h := range c.PostStart {
			out[c.Name] = append(out[c.Name], h.Command)
		}
	}
	return out
}

// names are those of the children's containers.
func (l *live) names() []string {
	var names []string
	for _, c := range l.project.Children {
		names = append(names, c.ContainerName)
	}
	return names
}

// containers are the same by child.
func (l *live) containers() map[string]string {
	names := map[string]string{}
	for _, c := range l.project.Children {
		names[c.Name] = c.ContainerName
	}
	return names
}

// owners are the containers outside of the project that children are bound to.
func (l *live) owners() []string {
	var names []string
	for _, c := range l.core.Children {
		for _, b := range c.BoundTo {
			if b.Outside && !slices.Contains(names, b.Name) {
				names = append(names, b.Name)
			}
		}
	}
	return names
}

// labels tells whom the children belong to, at each create anew: a followed
// parent may be another container by then.
func (l *live) labels(ctx context.Context) func() map[string]string {
	if l.parent.follow == "" {
		return nil
	}
	return func() map[string]string {
		return map[string]string{spec.LabelParent: l.parent.identity(ctx).ContainerID}
	}
}

// prepare meets the engine: waits for it, finds out who foster is, and makes
// the project with that. A signal meanwhile ends it with errSignalled.
func (c *configured) prepare(ctx context.Context, engine Engine, signals <-chan os.Signal) (*live, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	finished, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-signals:
			cancel(errSignalled)
		case <-finished:
		}
	}()
	l, err := c.meet(ctx, engine)
	close(finished)
	<-watched
	if cause := context.Cause(ctx); cause != nil {
		return l, cause
	}
	return l, err
}

func (c *configured) meet(ctx context.Context, engine Engine) (*live, error) {
	if err := reach(ctx, engine, c.settings.EngineTimeout, c.log); err != nil {
		return nil, err
	}
	var self spec.Identity
	var environ []string
	err := patiently(ctx, c.settings.EngineTimeout, c.log, func(ctx context.Context) (err error) {
		self, environ, err = identify(ctx, engine, c.outside.procMountinfo)
		return err
	})
	if err != nil {
		return nil, err
	}
	loaded, err := c.load(self)
	if err != nil {
		return nil, err
	}
	l := &live{
		self: self, environ: environ, project: loaded.Project,
		parent: &parent{engine: engine, self: self, follow: c.settings.Parent},
	}
	if self.ContainerID == "" {
		if err = c.lockProject(ctx, engine, l); err != nil {
			return l, err
		}
	}
	if err := preflight(ctx, engine, loaded.Project); err != nil {
		return l, err
	}
	grace := ownGrace(ctx, engine, self)
	budget := stopBudget(c.settings.StopGrace, grace, self.ContainerID != "", l.project, c.log)
	l.core = coreConfig(l.project, c.settings, budget)
	l.farewell = farewell{grace: budget, told: c.settings.StopGrace > 0 || grace > 0, inside: self.ContainerID != ""}
	e := c.log.Info().Str("project", l.project.Name).Str("api", engine.ClientVersion())
	if self.ContainerID != "" {
		e.Str(state.KeyContainer, short(self.ContainerID))
	}
	if self.TaskName != "" {
		e.Str("task", self.TaskName)
	}
	e.Msg("met the engine")
	return l, nil
}

// lockProject waits until no other foster on this host has the project. Where
// no lock can be made the project is launched all the same.
func (c *configured) lockProject(ctx context.Context, engine Engine, l *live) error {
	reached, ok := engine.(interface{ DaemonHost() string })
	if !ok || c.outside.lockDir == "" {
		return nil
	}
	path := lockPath(c.outside.lockDir, reached.DaemonHost(), l.project.Name)
	var since time.Time // when somebody was found to have it
	taken, err := takeLock(ctx, path, func(pid string) {
		if since.IsZero() {
			since = time.Now()
			l.held = c.newHeld(ctx, engine, l)
		}
		holder := "process " + pid
		c.log.Warn().Str(state.KeyHolder, holder).Str("lock", path).Msg(report.HeldWords)
		l.held.by(holder)
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		c.log.Warn().Err(err).Msg("the project cannot be locked: see that no second foster runs for it on this host")
		return nil
	case !since.IsZero():
		c.log.Info().Dur(state.KeyWait, time.Since(since).Round(time.Millisecond)).Msg("the project is free: going on")
	}
	l.lock = taken
	return nil
}

func (c *configured) release(l *lock) {
	if err := l.release(); err != nil {
		c.log.Warn().Err(err).Msg("the lock file is left")
	}
}
