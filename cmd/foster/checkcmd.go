package main

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/versions"
	"github.com/spf13/cobra"

	"foster/spec"
)

func checkCommand(out outside) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check settings and engine without creating anything",
		Long: `Check the settings, then the engine against them: does it answer, is its API new
enough, are the external networks there and attachable, are images present. One
line per finding; exit code 78 when something must be mended first.`,
		Example: "  LAUNCH_IMAGE=busybox LAUNCH_EXT_NETWORKS=front foster check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configure(out, cmd, out.stderr)
			if err != nil {
				return err
			}
			return c.check(cmd.Context())
		},
	}
	addSettings(cmd)
	return cmd
}

func (c *configured) check(ctx context.Context) error {
	engine, err := newEngine(c.outside)
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := reach(ctx, engine, 0, c.log); err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Fprintf(c.outside.stdout, format+"\n", args...) }
	say("ok    configuration")
	var problems spec.Problems
	if v := engine.ClientVersion(); versions.LessThan(v, minAPI) {
		problems = append(problems, spec.Problem{Variable: "engine", Value: v, What: "has too old an API", Mend: "use an engine of at least 20.10 (API " + minAPI + ")"})
	} else {
		say("ok    engine API %s", v)
	}
	self, err := identify(ctx, engine, c.outside.procMountinfo)
	if err != nil {
		return err
	}
	switch {
	case self.TaskName != "":
		say("ok    Swarm task %s", self.TaskName)
	case self.ContainerID != "":
		say("ok    container %s, not a Swarm task", self.ContainerName)
	default:
		say("ok    outside any container")
	}
	loaded, err := c.load(self)
	if err != nil {
		return err
	}
	p := loaded.Project
	say("ok    project %s", p.Name)
	for _, child := range p.Children {
		if child.SharesParent && self.ContainerID == "" && c.settings.Parent == "" {
			problems = append(problems, spec.Problem{Variable: "LAUNCH_NETWORK_MODE", Value: spec.ModeTask, What: "needs foster to run in a container", Mend: "run it as a task, or set FOSTER_PARENT"})
		}
		say("%s", imageLine(ctx, engine, child))
	}
	for _, n := range p.Networks {
		line, problem := networkLine(ctx, engine, n)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		say("%s", line)
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

func imageLine(ctx context.Context, engine Engine, child spec.Child) string {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	_, err := engine.ImageInspect(ctx, child.Image)
	switch {
	case err == nil:
		return "ok    image " + child.Image + " is present"
	case errdefs.IsNotFound(err) && child.Pull != spec.PullNever:
		return "note  image " + child.Image + " is not present, it will be pulled"
	case errdefs.IsNotFound(err):
		return "note  image " + child.Image + " is not present, and LAUNCH_PULL is never: the launch will fail"
	default:
		return "note  image " + child.Image + ": " + err.Error()
	}
}

func networkLine(ctx context.Context, engine Engine, n spec.Network) (string, *spec.Problem) {
	got, err := inspectNetwork(ctx, engine, n.Name)
	switch {
	case errdefs.IsNotFound(err) && n.External:
		return "note  network " + n.Name + " is not to be seen here: it must exist by the launch (on a Swarm worker an overlay shows only while it is used)", nil
	case errdefs.IsNotFound(err):
		return "ok    network " + n.Name + " will be created", nil
	case err != nil:
		return "note  network " + n.Name + ": " + err.Error(), nil
	case n.External:
		if what := cannotAttach(got); what != "" {
			return "", &spec.Problem{Variable: "network", Value: n.Name, What: what, Mend: "create it with --attachable (attachable: true in a stack file)"}
		}
		return "ok    network " + n.Name + " is there", nil
	default:
		return "ok    network " + n.Name + " is there already", nil
	}
}
