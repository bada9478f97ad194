package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"foster/cmd/foster/chaos"
)

// completeChaos offers what the engine has; without an answer, nothing.
func completeChaos(out outside, cmd *cobra.Command) {
	offer := func(pick func(projects, children, networks []string) []string) cobra.CompletionFunc {
		return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			engine, err := newEngine(out)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			defer engine.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
			defer cancel()
			engine.NegotiateAPIVersion(ctx)
			projects, children, networks, err := chaos.Names(ctx, engine)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return pick(projects, children, networks), cobra.ShellCompDirectiveNoFileComp
		}
	}
	for flag, pick := range map[string]func(projects, children, networks []string) []string{
		"project": func(projects, _, _ []string) []string { return projects },
		"child":   func(_, children, _ []string) []string { return children },
		"cut":     func(_, _, networks []string) []string { return networks },
		"seed":    func(_, _, _ []string) []string { return nil },
		"probe":   func(_, _, _ []string) []string { return nil },
	} {
		// The flags were defined by the caller.
		_ = cmd.RegisterFlagCompletionFunc(flag, offer(pick))
	}
}
