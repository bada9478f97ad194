package spec

import (
	"fmt"
	"io"
	"strings"

	"github.com/docker/cli/pkg/kvfile"
)

// rawEnvFile reads an env file of `format: raw`. Its error holds nothing of
// what is in the file.
func rawEnvFile(r io.Reader, filename string, vars map[string]string, lookup func(string) (string, bool)) error {
	lines, err := kvfile.ParseFromReader(r, lookup)
	if err != nil {
		return fmt.Errorf("failed to read %s: not lines of NAME=value", filename)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		vars[name] = value
	}
	return nil
}
