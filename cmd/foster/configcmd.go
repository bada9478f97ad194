package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"foster/spec"
)

// listings are what `foster config` can print instead of the document, one
// entry per line.
var listings = []struct {
	flag, usage string
	lines       func(*spec.Result) []string
}{
	{"environment", "the variables that ${…} can see, without secrets", (*spec.Result).Environment},
	{"images", "the images of the services", (*spec.Result).Images},
	{"networks", "the names of the networks", (*spec.Result).Networks},
	{"profiles", "the names of the profiles", (*spec.Result).Profiles},
	{"services", "the names of the services", (*spec.Result).Services},
	{"volumes", "the names of the volumes", (*spec.Result).Volumes},
}

// every is the --hash of all services.
const every = "*"

func configCommand(out outside) *cobra.Command {
	out.journal = nil // what it says is for whoever typed it
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the Compose document that the settings make, without secrets",
		Long: `Print the resolved Compose document of what would be launched, or one kind of
thing in it. Environment values, the content of configs and secrets, and
everything else that may be secret are redacted. Nothing is asked of the engine:
default names that come from the Swarm service are those of a foster outside
Swarm.`,
		Example: `  LAUNCH_IMAGE=busybox LAUNCH_PRIVILEGED=true foster config --format json
  foster config -f compose.yaml -f more.yaml --profile ci --images
  foster config -f compose.yaml --hash '*'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := combined(cmd); err != nil {
				return &exitError{Code: exitConfig, Err: err}
			}
			c, err := configure(out, cmd, out.stderr)
			if err != nil {
				return err
			}
			loaded, err := c.load(spec.Identity{})
			if err != nil {
				return err
			}
			text, err := printed(cmd, loaded)
			if err != nil {
				return err
			}
			return deliver(cmd, out.stdout, text)
		},
	}
	addFiles(cmd)
	flags := cmd.Flags()
	flags.String("format", spec.FormatYAML, "of the document: yaml or json")
	flags.String("hash", "", "print `SERVICE` and Compose's hash of its configuration; several with commas, '*' for all")
	for _, l := range listings {
		flags.Bool(l.flag, false, "print "+l.usage)
	}
	flags.BoolP("quiet", "q", false, "print nothing, only check")
	flags.StringP("output", "o", "", "write to `FILE` instead of the standard output")
	// The flags were defined some lines above.
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{spec.FormatYAML, spec.FormatJSON}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("hash", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return append(serviceNames(out, cmd), every), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// combined checks that the flags ask for one thing.
func combined(cmd *cobra.Command) error {
	flags := cmd.Flags()
	asked := []string{}
	for _, l := range listings {
		if on, err := flags.GetBool(l.flag); err == nil && on {
			asked = append(asked, "--"+l.flag)
		}
	}
	if flags.Changed("hash") {
		asked = append(asked, "--hash")
	}
	if quiet, err := flags.GetBool("quiet"); err == nil && quiet {
		asked = append(asked, "--quiet")
	}
	if len(asked) > 1 {
		return fmt.Errorf("%s cannot go together: ask for one of them at a time", strings.Join(asked, " and "))
	}
	if len(asked) == 1 && flags.Changed("format") {
		return fmt.Errorf("--format goes with the whole document: leave it or %s out", asked[0])
	}
	if slices.Contains(asked, "--quiet") && flags.Changed("output") {
		return errors.New("--quiet leaves nothing to write: leave it or --output out")
	}
	if format := flags.Lookup("format").Value.String(); format != spec.FormatYAML && format != spec.FormatJSON {
		return fmt.Errorf("--format %q is not one of yaml, json", format)
	}
	return nil
}

// printed is what the flags ask for.
func printed(cmd *cobra.Command, loaded *spec.Result) ([]byte, error) {
	flags := cmd.Flags()
	if quiet, err := flags.GetBool("quiet"); err == nil && quiet {
		return nil, nil
	}
	if flags.Changed("hash") {
		return hashes(loaded, flags.Lookup("hash").Value.String())
	}
	for _, l := range listings {
		if on, err := flags.GetBool(l.flag); err == nil && on {
			return perLine(l.lines(loaded)), nil
		}
	}
	text, err := loaded.Marshal(flags.Lookup("format").Value.String())
	if err != nil {
		return nil, fmt.Errorf("print the document: %w", err)
	}
	return text, nil
}

func perLine(lines []string) []byte {
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(line + "\n")
	}
	return []byte(text.String())
}

// hashes are those of the services that are asked for.
func hashes(loaded *spec.Result, asked string) ([]byte, error) {
	names := loaded.Services()
	if asked != every {
		names = strings.Split(asked, ",")
		slices.Sort(names)
	}
	var lines []string
	for _, name := range names {
		hash, ok := loaded.ConfigHash(name)
		if !ok {
			return nil, &exitError{Code: exitConfig, Err: fmt.Errorf("--hash %q: no such service; write one of %s, or '*'", name, strings.Join(loaded.Services(), ", "))}
		}
		lines = append(lines, name+" "+hash)
	}
	return perLine(lines), nil
}

// deliver writes to the file of --output, or else to stdout.
func deliver(cmd *cobra.Command, stdout io.Writer, text []byte) error {
	if path := cmd.Flags().Lookup("output").Value.String(); path != "" {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("write what was asked for to --output: %w", err)
		}
		return nil
	}
	if _, err := stdout.Write(text); err != nil {
		return fmt.Errorf("print what was asked for: %w", err)
	}
	return nil
}

// serviceNames completes names for a shell, as far as the configuration can be
// read: what is wrong with it is not told there.
func serviceNames(out outside, cmd *cobra.Command) []string {
	c, err := configure(out, cmd, io.Discard)
	if err != nil {
		return nil
	}
	loaded, err := c.load(spec.Identity{})
	if err != nil {
		return nil
	}
	return loaded.Services()
}
