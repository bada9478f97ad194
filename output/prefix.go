package output

import (
	"fmt"
	"strings"
)

// Child is one whose containers are relayed.
type Child struct {
	Name          string // the Compose service's
	ContainerName string
}

// colors are those of docker compose, in its order: cyan, yellow, green,
// magenta, blue, and the same bright.
var colors = []string{"36", "33", "32", "35", "34", "36;1", "33;1", "32;1", "35;1", "34;1"}

// prefixes are what stands in front of the lines of each child, in their order:
// nothing for the only one, otherwise as docker compose up writes it.
func prefixes(project string, children []Child, colored bool) [][]byte {
	out := make([][]byte, len(children))
	if len(children) < 2 {
		return out
	}
	width := 0
	for _, c := range children {
		width = max(width, len(c.shown(project)))
	}
	for i, c := range children {
		text := fmt.Sprintf("%-*s | ", width+1, c.shown(project))
		if colored {
			text = "\x1b[" + colors[i%len(colors)] + "m" + text + "\x1b[0m"
		}
		out[i] = []byte(text)
	}
	return out
}

// shown is the container's name, without the project's where it is Compose's own.
func (c Child) shown(project string) string {
	if c.ContainerName == project+"-"+c.Name+"-1" {
		return strings.TrimPrefix(c.ContainerName, project+"-")
	}
	return c.ContainerName
}
