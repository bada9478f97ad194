package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"foster/spec"
)

func configCommand(out outside) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the Compose document that the settings make, without secrets",
		Long: `Print the resolved Compose document of what would be launched. Environment
values and everything else that may be secret are redacted. Nothing is asked of
the engine: default names that come from the Swarm service are those of a foster
outside Swarm.`,
		Example: "  LAUNCH_IMAGE=busybox LAUNCH_PRIVILEGED=true foster config --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != spec.FormatYAML && format != spec.FormatJSON {
				return &exitError{Code: exitConfig, Err: fmt.Errorf("--format %q is not one of yaml, json", format)}
			}
			c, err := configure(out, cmd, out.stderr)
			if err != nil {
				return err
			}
			loaded, err := c.load(spec.Identity{})
			if err != nil {
				return err
			}
			text, err := loaded.Marshal(format)
			if err != nil {
				return fmt.Errorf("print the document: %w", err)
			}
			_, err = fmt.Fprintf(out.stdout, "%s", text)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", spec.FormatYAML, "yaml or json")
	// The flag was defined a line above.
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{spec.FormatYAML, spec.FormatJSON}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
