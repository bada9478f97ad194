package spec

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/format"
	"github.com/compose-spec/compose-go/v2/types"
)

const mendVolume = "write /host/path:/path[:options], name:/path, or /path alone; a space in a path needs quotes around the word"

// storage reads LAUNCH_VOLUMES.
func (l *launch) storage() {
	words := l.checked("LAUNCH_VOLUMES", volumeWord, mendVolume)
	targets := map[string]bool{}
	var good []word
	named := map[string]any{}
	for _, w := range words {
		v, err := format.ParseVolume(w.value)
		if err != nil {
			continue // volumeWord has parsed it already
		}
		target := path.Clean(v.Target)
		if targets[target] {
			l.problem("LAUNCH_VOLUMES", w, "a second volume for "+target, "mount one thing at each path")
			continue
		}
		targets[target] = true
		good = append(good, w)
		if v.Type == types.VolumeTypeVolume && v.Source != "" {
			named[v.Source] = nil
		}
	}
	if len(good) == 0 {
		return
	}
	l.add("LAUNCH_VOLUMES", func(d *document) {
		d.service["volumes"] = values(good)
		for name := range named {
			d.volumes[name] = nil
		}
	})
}

// volumeOptions are those that compose applies or, the last three, has always
// let pass without effect.
var volumeOptions = append([]string{"ro", "rw", "nocopy", "z", "Z", "cached", "delegated", "consistent"}, format.Propagations...)

// volumeWord accepts the short syntax of Compose. Compose itself ignores an
// option that it does not know; here it is an error.
func volumeWord(s string) error {
	v, err := format.ParseVolume(s)
	if err != nil {
		return errors.New("not a volume")
	}
	if !path.IsAbs(v.Target) {
		return errors.New("the path in the child is not absolute")
	}
	if path.Clean(v.Target) == "/" {
		return errors.New("the child's own root cannot be a volume")
	}
	switch {
	case v.Type == types.VolumeTypeBind && !path.IsAbs(v.Source):
		return errors.New("not an absolute path: it is one of the host, not of foster's container")
	case v.Type == types.VolumeTypeVolume && v.Source != "" && !networkName.MatchString(v.Source):
		return errors.New("neither an absolute path nor a volume's name before the ':'")
	}
	if parts := strings.Split(s, ":"); len(parts) == 3 {
		for _, option := range strings.Split(parts[2], ",") {
			if !slices.Contains(volumeOptions, option) {
				return errors.New("an unknown option; there are " + strings.Join(volumeOptions, " "))
			}
			if v.Type == types.VolumeTypeVolume && slices.Contains(format.Propagations, option) {
				return errors.New("propagation is for host paths, not for named volumes")
			}
		}
	}
	return nil
}
