package engine

import (
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"golang.org/x/sys/unix"
)

// Process is how the main process of a container behaves. The zero value runs
// for ever and ends at once, with 128 + signal, when it is asked to.
type Process struct {
	// Exits makes it end by itself with Code, ExitAfter its start.
	Exits     bool
	ExitAfter time.Duration
	Code      int
	// IgnoreTerm makes it deaf to its stop signal.
	IgnoreTerm bool
	// StopTime is how long it takes to end after its stop signal.
	StopTime time.Duration
	// Trap makes it end with code 0 on its stop signal.
	Trap bool
	// Healthy is how long after its start its health check first succeeds;
	// 0: never by itself (see SetHealth).
	Healthy time.Duration
	// StartError makes its start fail after the networks were attached, as a
	// command that does not exist does (see NoCommand).
	StartError error
}

// NoCommand is the error of starting a command that the image does not have.
var NoCommand = invalid("failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/no/such\": stat /no/such: no such file or directory: unknown")

// Behave sets the behaviour of the containers of this name from their next
// start on; it goes before the image's.
func (e *Engine) Behave(name string, p Process) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.behaviour[name] = p
}

func (e *Engine) processOf(c *ctr) Process {
	if p, ok := e.behaviour[c.name]; ok {
		return p
	}
	return c.image.Process
}

// live plans what the process does by itself.
func (e *Engine) live(c *ctr) {
	c.health, c.probes = "", nil
	if h := c.config.Healthcheck; h != nil && len(h.Test) > 0 && h.Test[0] != "NONE" {
		c.health = container.Starting
		if c.process.Healthy > 0 {
			e.after(c, c.process.Healthy, func() { e.setHealth(c, container.Healthy) })
		}
	}
	if c.process.Exits {
		e.after(c, c.process.ExitAfter, func() {
			e.die(c, c.process.Code)
			e.sweep()
		})
	}
}

// after calls act, with the engine locked, unless this run is over by then.
func (e *Engine) after(c *ctr, d time.Duration, act func()) {
	run := c.run
	c.timers = append(c.timers, time.AfterFunc(d, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if !e.isClosed && !e.down && c.run == run && c.running() {
			act()
		}
	}))
}

// die ends a run with its events, in the order of the engine's version.
func (e *Engine) die(c *ctr, code int) {
	c.disarm()
	c.run++
	duration := time.Since(c.started)
	c.status, c.paused, c.code, c.finished = container.StateExited, false, code, e.moment()
	e.closeLog(c)
	attributes := []string{"exitCode", strconv.Itoa(code)}
	if e.since(23) {
		attributes = append(attributes, "execDuration", strconv.Itoa(int(duration.Seconds())))
	}
	if !e.since(24) {
		e.emitContainer(c, events.ActionDie, attributes...)
	}
	for _, n := range e.release(c) {
		e.emitNetwork(n, events.ActionDisconnect, c)
	}
	e.mountEvents(c, events.ActionUnmount)
	if e.since(24) {
		e.emitContainer(c, events.ActionDie, attributes...)
	}
	close(c.exited)
	if c.removeMe && !c.removing {
		_ = e.remove(c, true, true) // it does not run any more: nothing can be refused
	}
}

// kill sends a signal. The process may end at once, later or not at all.
func (e *Engine) kill(c *ctr, signal int) {
	e.emitContainer(c, events.ActionKill, "signal", strconv.Itoa(signal))
	if c.paused {
		c.paused = false
		e.emitContainer(c, events.ActionUnPause)
	}
	switch {
	case signal == int(unix.SIGKILL):
		e.die(c, 137)
	case signal == c.stopSignal() || signal == int(unix.SIGTERM) || signal == int(unix.SIGINT):
		e.askToEnd(c, signal)
	}
}

// askToEnd delivers a signal that ends the process unless it is deaf or slow.
func (e *Engine) askToEnd(c *ctr, signal int) {
	code := 128 + signal
	if c.process.Trap {
		code = 0
	}
	switch {
	case c.process.IgnoreTerm:
	case c.process.StopTime > 0:
		e.after(c, c.process.StopTime, func() {
			e.die(c, code)
			if !c.stopping { // the stop does it, after its own event
				e.sweep()
			}
		})
	default:
		e.die(c, code)
	}
}

// stopSignal is the number of the signal that a stop begins with.
func (c *ctr) stopSignal() int {
	if n := signalNumber(c.config.StopSignal); n > 0 {
		return n
	}
	return int(unix.SIGTERM)
}

// signalNumber reads "SIGINT", "INT" or "2"; 0 means neither.
func signalNumber(name string) int {
	if n, err := strconv.Atoi(name); err == nil {
		return n
	}
	if s := unix.SignalNum(name); s > 0 {
		return int(s)
	}
	return int(unix.SignalNum("SIG" + name))
}

// stop is the operation: signal, grace, SIGKILL. It returns when the container
// has ended; once begun nobody can take it back.
func (e *Engine) stop(ref string, options container.StopOptions) error {
	e.mu.Lock()
	c, err := e.findContainer(ref)
	if err != nil || !c.running() {
		e.mu.Unlock()
		return err
	}
	signal := c.stopSignal()
	if options.Signal != "" {
		if signal = signalNumber(options.Signal); signal == 0 {
			e.mu.Unlock()
			return invalid("invalid signal: %s", options.Signal)
		}
	}
	grace := 10
	switch {
	case options.Timeout != nil:
		grace = *options.Timeout
	case c.config.StopTimeout != nil:
		grace = *c.config.StopTimeout
	}
	exited, run := c.exited, c.run
	c.stopping = true
	e.kill(c, signal)
	e.mu.Unlock()

	if !e.awaitExit(exited, grace) {
		e.mu.Lock()
		if c.run == run && c.running() && !e.isClosed {
			e.kill(c, int(unix.SIGKILL))
		}
		e.mu.Unlock()
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	c.stopping = false
	if !e.down {
		e.emitContainer(c, events.ActionStop)
		e.sweep()
	}
	return nil
}

// awaitExit waits grace seconds (negative: for ever) for the end of a run.
func (e *Engine) awaitExit(exited chan struct{}, grace int) bool {
	var out <-chan time.Time
	if grace >= 0 {
		timer := time.NewTimer(time.Duration(grace) * time.Second)
		defer timer.Stop()
		out = timer.C
	}
	select {
	case <-exited:
		return true
	default:
	}
	select {
	case <-exited:
		return true
	case <-out:
		return false
	case <-e.closed:
		return true
	}
}

func (e *Engine) setHealth(c *ctr, status string) {
	if c.health != status {
		c.health = status
		e.emitContainer(c, events.Action("health_status: "+status))
	}
}
