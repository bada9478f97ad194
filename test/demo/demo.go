package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"foster/test/lab"
)

// demo is one run.
type demo struct {
	engine  *engine
	tell    *account
	events  *timeline
	volumes map[string]bool // without a name, that the child ever had
}

// demo runs the whole of it. Whatever happens, everything that was made is removed, but for what is to be kept.
func (o options) demo(ctx context.Context, tell *account) (err error) {
	d := &demo{tell: tell, volumes: map[string]bool{}}
	tell.title("foster demo")
	if o.engine == "" {
		return o.onPrivate(ctx, d)
	}
	return o.onGiven(ctx, d)
}

func (o options) onPrivate(ctx context.Context, d *demo) (err error) {
	if o.keep {
		if l, err := lab.Open(o.dir); err == nil && running(ctx, l) {
			d.tell.line("The engine of an earlier demo is up.")
			d.tell.byHand(l.Node(1).Host(), "demo")
			return errors.New("end the earlier demo first: make demo-down")
		} else if err == nil {
			if err := l.Close(); err != nil {
				return err
			}
		}
	}
	d.tell.begin("start a private engine, a swarm of one")
	if d.engine, err = private(ctx, o.dir, o.keep); err != nil {
		return err
	}
	defer func() {
		if err == nil && o.keep {
			return
		}
		err = errors.Join(err, d.engine.lab.Close())
	}()
	d.tell.end("Docker " + d.engine.version)
	if err := d.run(ctx); err != nil {
		return err
	}
	if !o.keep {
		d.tell.blank()
		d.tell.title("All of it was as promised. By hand:")
		d.tell.line("  make demo KEEP=1             leaves engine and stack up, and says what to type")
		d.tell.line("  make demo ENGINE=unix:///…   does it on your own engine")
		return nil
	}
	d.tell.begin("deploy the stack again, to stay")
	if err := d.engine.deploy(ctx); err != nil {
		return err
	}
	if _, err := d.engine.awaitWhole(ctx); err != nil {
		return err
	}
	d.tell.end("")
	d.tell.blank()
	d.tell.byHand(d.engine.host, d.engine.prefix)
	return nil
}

// running says whether a lab's engine answers.
func running(ctx context.Context, l *lab.Lab) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := l.Node(1).Client().Ping(ctx)
	return err == nil
}

// byHand says how to go on.
func (a *account) byHand(host, prefix string) {
	a.title("By hand, in this or another terminal:")
	a.command("export DOCKER_HOST=" + host)
	for _, row := range [][2]string{
		{"docker ps", "foster's task, and " + prefix + "-web"},
		{"docker kill " + prefix + "-web", "it is back at once"},
		{"docker rm -f " + prefix + "-web", "it is back at once"},
		{"docker network disconnect " + prefix + "_front " + prefix + "-web", "connected again"},
		{"docker exec $(docker ps -qf name=" + prefix + "_foster) /foster chaos", "20 kills timed"},
		{"docker service logs " + prefix + "_foster", "what foster says of it"},
		{"docker stack rm " + prefix, "nothing is left"},
		{"make demo-down", "ends this engine"},
	} {
		text := row[0]
		if row[1] != "" {
			text = fmt.Sprintf("%-46s %s", row[0], a.paint(faint, "# "+row[1]))
		}
		a.line("%s%s", a.paint(cyan, "$ "), text)
	}
}

func (o options) onGiven(ctx context.Context, d *demo) (err error) {
	e, err := given(ctx, o.engine)
	if err != nil {
		return err
	}
	defer e.api.Close()
	d.engine = e
	before, err := e.objects(ctx, nil)
	if err != nil {
		return err
	}
	d.tell.line("  your engine: Docker %s, %s", e.version, tally(before, kinds[:4]...))
	d.tell.line("  everything made here is named %s…", e.prefix)
	if e.node == "" {
		d.tell.line("  it is no manager of a swarm and is not made one: foster runs as a container")
	}
	err = d.run(ctx)
	// Also after Ctrl-C.
	final := context.WithoutCancel(ctx)
	d.tell.begin("remove what is left of the demo: its images")
	if clearErr := e.clear(final, d.volumes); clearErr != nil {
		return errors.Join(err, fmt.Errorf("remove what the demo made: %w", clearErr))
	}
	d.tell.end("")
	after, listErr := e.objects(final, d.volumes)
	if err = errors.Join(err, listErr); err != nil {
		return err
	}
	if diff := changes(before, after); len(diff) > 0 {
		return fmt.Errorf("your engine: changed while the demo ran, by it or by others:\n  %s", strings.Join(diff, "\n  "))
	}
	d.tell.line("  your engine: unchanged, %s", tally(after, kinds[:4]...))
	if e.caches(final) {
		d.tell.line("  (its build cache may keep the images' layers; docker builder prune empties it)")
	}
	d.tell.blank()
	d.tell.title("All of it was as promised.")
	return nil
}

// run is everything between an engine and what is left on it.
func (d *demo) run(ctx context.Context) (err error) {
	e := d.engine
	if err := e.build(ctx, d.tell); err != nil {
		return err
	}
	if d.events, err = record(ctx, e.api); err != nil {
		return err
	}
	defer d.events.close()
	defer func() {
		if err != nil && ctx.Err() == nil {
			d.logs(context.WithoutCancel(ctx))
		}
	}()

	d.tell.blank()
	d.tell.command(e.deployCommand())
	d.tell.begin("foster launched its child: 2 networks, 1 volume")
	if err := e.deploy(ctx); err != nil {
		return err
	}
	child, err := d.whole(ctx)
	if err != nil {
		return err
	}
	d.tell.end("")
	d.tell.blank()
	d.tell.line("%-*s%s", width-len("not whole for"), "What is done to the child, and what foster does:", "not whole for")
	for _, f := range e.faults() {
		if child, err = d.suffer(ctx, f, child); err != nil {
			return err
		}
	}
	d.tell.blank()
	return d.leave(ctx)
}

// whole waits for the child to be whole, and remembers its volumes.
func (d *demo) whole(ctx context.Context) (container.InspectResponse, error) {
	c, err := d.engine.awaitWhole(ctx)
	for _, m := range c.Mounts {
		d.volumes[m.Name] = true
	}
	return c, err
}

// leave takes foster away and counts what it leaves.
func (d *demo) leave(ctx context.Context) error {
	e := d.engine
	from := d.events.now()
	d.tell.command("docker " + join(e.withdraw()))
	d.tell.begin("foster stopped its child and removed it, with network and volume")
	if _, err := e.docker(ctx, e.withdraw()...); err != nil {
		return err
	}
	foster := func(action events.Action) match {
		return func(m events.Message) bool {
			return m.Type == events.ContainerEventType && m.Action == action && strings.HasPrefix(m.Actor.Attributes["name"], e.watchdog())
		}
	}
	asked, from, err := d.events.next(ctx, from, "the signal to foster", foster(events.ActionKill))
	if err != nil {
		return err
	}
	ended, _, err := d.events.next(ctx, from, "foster's end", foster(events.ActionDie))
	if err != nil {
		return err
	}
	if code := ended.Actor.Attributes["exitCode"]; code != "0" {
		return fmt.Errorf("foster ended with exit code %s", code)
	}
	// What foster made is gone when foster is, not later.
	all, err := e.objects(ctx, d.volumes)
	if err != nil {
		return err
	}
	for _, o := range ours(all, "container", "network", "volume") {
		if o.name != e.front() && !strings.HasPrefix(o.name, e.watchdog()) {
			return fmt.Errorf("foster has ended and left %s", o)
		}
	}
	d.tell.end(seconds(between(asked, ended)))

	// A swarm takes a moment until it has forgotten the service's task, and refuses to remove its network before.
	for _, args := range e.strip() {
		d.tell.command("docker " + join(args))
		if err := await(ctx, 15*time.Second, "docker "+join(args), func(ctx context.Context) error {
			_, err := e.docker(ctx, args...)
			return err
		}); err != nil {
			return err
		}
	}
	d.tell.begin("left of it all on the engine")
	err = await(ctx, 15*time.Second, "everything to be gone", func(ctx context.Context) error {
		if all, err = e.objects(ctx, d.volumes); err != nil {
			return err
		}
		if left := ours(all, "container", "network", "volume", "service"); len(left) > 0 {
			return fmt.Errorf("left: %s", list(left))
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.tell.end(tally(ours(all, "container", "network", "volume"), "container", "network", "volume"))
	return nil
}

// logs shows the last lines of foster's log: the demo broke off.
func (d *demo) logs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	e := d.engine
	args := []string{"logs", "--tail", "15", e.watchdog()}
	if e.node != "" {
		args = append([]string{"service"}, args...)
	}
	d.tell.finish()
	if out, err := e.docker(ctx, args...); err == nil && out != "" {
		fmt.Fprintln(os.Stderr, out)
	}
}

// join writes a docker command as it is typed.
func join(args []string) string { return strings.Join(args, " ") }
