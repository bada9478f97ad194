package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"foster/cmd/foster/status"
)

// healthTimeout is below the image's HEALTHCHECK timeout, so that the reason is
// told and not only that time ran out.
const healthTimeout = 3 * time.Second

const healthLong = `Ask the foster that runs in this container how its children are: one line, and
exit 0 if Swarm shall leave the task alone or 1 if not. It is the HEALTHCHECK of
the image, by which a service's tasks, rolling updates and rollbacks see the
children's health. docs/health.md has the rules.

It asks a unix socket in the container, so it needs no network and no engine.`

const healthCodes = `
  0    healthy: whole, or left alone for good reason
  1    not healthy; no foster runs here; it did not answer within 3s
  78   several fosters run on this host, or wrong flags
`

func healthCommand(out outside) *cobra.Command {
	var project string
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Say how the running foster's children are: exit 0 or 1 (the image's HEALTHCHECK)",
		Long:  healthLong,
		Example: `  docker exec CONTAINER /foster health

  # of several fosters outside of containers
  foster health --project ci`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return health(cmd.Context(), out, project) },
	}
	cmd.Flags().StringVar(&project, "project", "", "`PROJECT` of a foster outside of containers; in a container there is one only")
	// The flag was defined a line above.
	_ = cmd.RegisterFlagCompletionFunc("project", completeHostProjects(out))
	endsWith(cmd, healthCodes)
	return cmd
}

// health prints the running foster's own verdict, which is the error too when
// it is bad.
func health(ctx context.Context, out outside, project string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	found, err := out.findOne(ctx, project, "/healthz")
	switch {
	case errors.Is(err, errNoFoster) && project != "":
		return fmt.Errorf("no foster of project %q runs here: foster health asks the one in its own container, or one outside of containers; see foster status --all", project)
	case errors.Is(err, errNoFoster):
		return errors.New("no foster runs here: run this inside its container (docker exec CONTAINER /foster health), or see foster status --all")
	case err != nil:
		return err
	}
	fmt.Fprintln(out.stdout, status.Printable(strings.TrimSpace(string(found.body))))
	if found.code != http.StatusOK {
		return &exitError{Code: exitFailure}
	}
	return nil
}

// completeHostProjects offers the projects of the fosters outside of containers.
func completeHostProjects(out outside) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), healthTimeout)
		defer cancel()
		found, _ := out.find(ctx, "", "/healthz") // without an answer, nothing
		var names []string
		for _, a := range found {
			names = append(names, a.project)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
