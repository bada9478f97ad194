package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"foster/spec"
)

const checkLong = `Check the settings, then the engine against them. Nothing is created or changed.

One line per finding: "ok", "note" for what somebody should know, and "problem",
on stderr, for what must be mended first. The last line counts them.

What is looked at: the engine's API, rights and part in a swarm; networks,
volumes and images; names, addresses and host ports that others hold; devices
and bind sources, where foster can see the host; runtimes, log drivers, security
options and limits that the engine does not know; containers whose namespaces
are shared; and whether the children's stop graces fit into foster's own.

Exit code 78 with a problem, 69 when the engine does not answer.`

const checkExample = `  LAUNCH_IMAGE=busybox LAUNCH_EXT_NETWORKS=front foster check

  # in a task, on the node that it runs on
  docker exec CONTAINER /foster check

  # what is not all right, for a script
  foster check --format json | jq '.[] | select(.level != "ok")'`

func checkCommand(out outside) *cobra.Command {
	out.journal = nil // what it says is for whoever typed it
	var format string
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check settings and engine without creating anything",
		Long:    checkLong,
		Example: checkExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return spec.Problems{{Variable: "--format", Value: format, What: "is not one of the choices", Mend: "use one of text, json"}}
			}
			a := &account{out: out.stdout, errs: out.stderr, json: format == "json"}
			// Warnings come as notes, in their turn.
			c, err := configure(out, cmd, io.Discard)
			if err == nil {
				c.log, _ = newLogger(out.stderr, nil, c.settings.LogFormat, c.settings.LogLevel)
				takeLibraryWarnings(c.log)
				err = c.check(cmd.Context(), a)
			}
			return a.end(err)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	// The flag was defined a line above.
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	addSettings(cmd)
	return cmd
}

// checks are made in this order, each on what the survey has brought.
var checks = []func(ctx context.Context, s *survey) []finding{
	checkSwarm, checkPlace, checkAPI, checkImages, checkHealth, checkNames, checkOwners, checkNetworks, checkSubnets, checkVolumes,
	checkDevices, checkBinds, checkModes, checkPorts, checkDrivers, checkSecurity, checkLimits, checkGrace,
}

func (c *configured) check(ctx context.Context, a *account) error {
	engine, err := newEngine(c.outside)
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := reach(ctx, engine, 0, c.log); err != nil {
		return err
	}
	self, _, err := identify(ctx, engine, c.outside.procMountinfo)
	if err != nil {
		a.say(note("foster", "does not know its own container: %v", err))
	}
	loaded, err := c.load(self)
	if err != nil {
		return err
	}
	a.say(ok("configuration", "is right: project %s, %s", loaded.Project.Name, counted(len(loaded.Project.Children), "child", "children")))
	for _, w := range loaded.Warnings {
		a.say(note("configuration", "%s", w))
	}
	s, found := c.survey(ctx, engine, self, loaded.Project)
	a.say(found...)
	for _, check := range checks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.say(check(ctx, s)...)
	}
	return nil
}
