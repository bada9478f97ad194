package spec

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// hostPaths warns of services with relative bind mounts. Compose resolves them
// against the directory of the first file, and the engine looks for the result
// on its host, where foster cannot see whether there is anything.
func (in *input) hostPaths(project string) (warnings []string) {
	binds := false
	for _, s := range in.document.Services {
		binds = binds || slices.ContainsFunc(s.Volumes, isBind)
	}
	if !binds {
		return nil
	}
	written := in.unresolved(project)
	for _, name := range slices.Sorted(maps.Keys(in.document.Services)) {
		var relative []string
		for _, v := range in.document.Services[name].Volumes {
			source, ok := written[name][v.Target]
			if isBind(v) && ok && !filepath.IsAbs(source) {
				relative = append(relative, fmt.Sprintf("%s is %s", in.withoutValues(source), in.withoutValues(v.Source)))
			}
		}
		if len(relative) > 0 {
			warnings = append(warnings, fmt.Sprintf("service %s mounts relative paths, which are paths of the host, not of foster's container: %s there", name, strings.Join(relative, ", ")))
		}
	}
	return warnings
}

func isBind(v types.ServiceVolumeConfig) bool { return v.Type == types.VolumeTypeBind }

// unresolved are the services' volumes as they are written: target to source.
func (in *input) unresolved(project string) (written map[string]map[string]string) {
	defer func() {
		if recover() != nil {
			written = nil // it was loaded a moment ago; a warning is not worth more
		}
	}()
	details := types.ConfigDetails{WorkingDir: in.workingDir(), ConfigFiles: in.configFiles(), Environment: in.environment.Clone()}
	model, err := loader.LoadModelWithContext(context.Background(), details, in.options(project), func(o *loader.Options) { o.ResolvePaths = false })
	if err != nil {
		return nil
	}
	written = map[string]map[string]string{}
	services, _ := model["services"].(map[string]any)
	for name, service := range services {
		written[name] = map[string]string{}
		attributes, _ := service.(map[string]any)
		volumes, _ := attributes["volumes"].([]any)
		for _, v := range volumes {
			volume, _ := v.(map[string]any)
			target, _ := volume["target"].(string)
			source, _ := volume["source"].(string)
			written[name][target] = source
		}
	}
	return written
}
