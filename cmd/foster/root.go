package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"foster/spec"
)

// outside is what the program has of the outside, so that a test can be one.
type outside struct {
	args           []string
	environ        []string
	stdout, stderr io.Writer
	logs           io.Writer               // of the watchdog's own, each line at once; nil: stdout, which it does not wait for
	journal        sendFunc                // where logs go that are for systemd's journal; nil: only to logs
	signals        func() <-chan os.Signal // called once, by what is to end in order
	procMountinfo  string
	engine         Engine // nil: the one that DOCKER_HOST names
	rest           func() // when there is nothing to do for a while; nil: nothing
	lockDir        string // where fosters outside of containers lock their projects; "": nowhere
	// sockets are where a foster in a container may have its control socket; nil:
	// no foster has one, nowhere.
	sockets []string
}

const rootLong = `foster runs as a Docker Swarm task and launches the stand-alone container that
Swarm refuses to run as a service (privileged, devices, host PID, a VPN's
namespace, docker-in-docker). It watches the engine's events and recovers the
child whenever it dies, loses a network, turns unhealthy or is removed. When its
own task stops, it takes everything down and leaves nothing behind.

What to launch comes from LAUNCH_* variables, as with swarm-launcher, or from
compose files (--file, or one mounted at ` + spec.DefaultFile + `): every service is
a child then, in the order of depends_on. How to watch over them comes from
FOSTER_* variables or the flags below. Every variable can be given as NAME_FILE.`

const rootExample = `  # what a stack file's task runs
  LAUNCH_IMAGE=gitlab/gitlab-runner:alpine LAUNCH_PRIVILEGED=true foster

  # hand over to Swarm's restart policy after three recoveries in ten minutes
  foster run --max-attempts 3 --window 10m

  # every service of a compose file
  foster --file /run/configs/children.yaml

  # what would be launched, and whether this engine can
  LAUNCH_IMAGE=busybox foster config
  LAUNCH_IMAGE=busybox foster check`

const runCodes = `
  0    stopped by a signal or with the followed parent, or every child completed
  1    stopped by a signal while foster's own container was unhealthy
  69   the engine could not be reached, or was lost during the stop
  78   the configuration is wrong: one line per problem on stderr
  125  the engine refuses the child for good
  128+ the number of the second signal
  else the child's own exit code, when the restart policy or the budget ends the run
`

// execute runs the command that the arguments name. Words that name none are
// bad input, as wrong settings are.
func execute(ctx context.Context, out outside) error {
	understood := false
	root := newRoot(out)
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	err := root.ExecuteContext(ctx)
	if err != nil && !understood {
		return &exitError{Code: exitConfig, Err: fmt.Errorf("%w; see foster --help", err)}
	}
	return err
}

// endings is the annotation of a command with its exit codes, for its help.
const endings = "exit codes"

func endsWith(cmd *cobra.Command, codes string) {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[endings] = codes
}

func newRoot(out outside) *cobra.Command {
	root := &cobra.Command{
		Use:           "foster",
		Short:         "Keep a stand-alone container alive from inside a Swarm task",
		Long:          rootLong,
		Example:       rootExample,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(out.args)
	root.SetOut(out.stdout)
	root.SetErr(out.stderr)
	// Not by a template of our own: that would link text/template, and with it
	// every method of the program (3 MB of image and of memory).
	usage := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		if err := usage(cmd); err != nil {
			return err
		}
		codes, ok := cmd.Annotations[endings]
		if !ok {
			return nil
		}
		_, err := fmt.Fprintf(cmd.OutOrStderr(), "\nExit codes:%s", codes)
		return err
	})
	endsWith(root, runCodes)

	run := runCommand(out)
	root.RunE = run.RunE
	root.Flags().AddFlagSet(run.Flags())
	root.AddCommand(run, configCommand(out), checkCommand(out), probeCommand(out), healthCommand(out), statusCommand(out), chaosCommand(out), reapCommand(out), versionCommand(out))
	return root
}
