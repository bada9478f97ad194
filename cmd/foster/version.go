package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/docker/docker/api"
	"github.com/spf13/cobra"
)

// buildVersion and buildCommit are set by the linker; a build without them
// falls back to what the Go tool recorded.
var buildVersion, buildCommit string

func version() string {
	if buildVersion != "" {
		return buildVersion
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

func commit() string {
	if buildCommit != "" {
		return buildCommit
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

func versionCommand(out outside) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit, Go and the range of engine APIs",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(out.stdout, "foster %s\ncommit %s\ngo %s %s/%s\nengine API %s to %s\n",
				version(), commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, minAPI, api.DefaultVersion)
			return err
		},
	}
}
