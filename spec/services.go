package spec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
)

const (
	// servicesExtension on a service (the owner) lists services that run beside
	// it, as the `services` of a CI job do: each entry is an image, or a mapping
	// with the image (`name` or `image`), further names (`alias`), the
	// environment (`variables`) and any other attribute of a service.
	servicesExtension = "x-foster-services"
	// readyExtension on an entry of depends_on: not only started, its first
	// exposed port takes connections.
	readyExtension = "x-foster-ready"
)

// loadProject is loader.LoadWithContext for documents that may have services of
// services. They are expanded on the loaded model, interpolated and checked as
// any other service is. What is wrong with an entry is Problems of where. With
// SkipNormalization, which is for parts of documents, nothing is expanded.
func loadProject(ctx context.Context, where string, details types.ConfigDetails, options ...func(*loader.Options)) (*types.Project, error) {
	if loader.ToOptions(&details, options).SkipNormalization {
		return loader.LoadWithContext(ctx, details, options...)
	}
	model, err := loader.LoadModelWithContext(ctx, details, options...)
	if err != nil {
		return nil, err
	}
	name, _ := model["name"].(string)
	named := append(slices.Clone(options), func(o *loader.Options) { o.SetProjectName(name, true) })
	x := &expansion{where: where, project: name, model: model}
	x.load = func(document map[string]any) (map[string]any, error) {
		details := details
		details.ConfigFiles = []types.ConfigFile{{Filename: where, Config: document}}
		return loader.LoadModelWithContext(ctx, details, append(named, func(o *loader.Options) {
			o.SkipInclude = true
			// What it holds is interpolated already.
			o.Interpolate.Substitute = func(s string, _ template.Mapping) (string, error) { return s, nil }
		})...)
	}
	if err := x.run(); err != nil {
		return nil, err
	}
	return loader.ModelToProject(model, loader.ToOptions(&details, named), details)
}

// expansion turns servicesExtension into services of the model. The model is
// compose-go's: interpolated, in canonical form, normalised.
type expansion struct {
	where, project string
	model          map[string]any
	load           func(document map[string]any) (map[string]any, error)
	problems       Problems
}

// sidecar is one entry of servicesExtension.
type sidecar struct {
	path       string // in the document
	name       string // of the service that it becomes
	aliases    []string
	attributes map[string]any
}

func (x *expansion) run() error {
	services := mapping(x.model["services"])
	lists := map[string][]any{}
	var defaults []string // the owners whose only network is the project's own
	for _, owner := range slices.Sorted(maps.Keys(services)) {
		service := mapping(services[owner])
		value, ok := service[servicesExtension]
		if !ok {
			continue
		}
		delete(service, servicesExtension)
		list, ok := value.([]any)
		if !ok && value != nil {
			x.problem("services."+owner+"."+servicesExtension, "not a list", "write a list of images, or of mappings with name, alias and any attribute of a service")
		}
		if len(list) == 0 {
			continue
		}
		lists[owner] = list
		if x.onDefault(service) {
			defaults = append(defaults, owner)
		}
	}
	for _, owner := range slices.Sorted(maps.Keys(lists)) {
		service := mapping(services[owner])
		if mode, ok := service["network_mode"].(string); ok {
			x.problem("services."+owner+"."+servicesExtension, fmt.Sprintf("with network_mode %s it has no network that these services could be on with their names", mode), "remove network_mode, or write them as services of their own")
			continue
		}
		sidecars := x.sidecars(owner, service, lists[owner])
		if len(x.problems) > 0 {
			continue
		}
		// Two owners on one network would get each other's services.
		network := "default"
		if len(defaults) != 1 || defaults[0] != owner {
			network = x.network(owner, service)
		}
		x.add(owner, service, network, sidecars)
	}
	return x.problems.err()
}

func (x *expansion) problem(path, what, mend string) {
	x.problems = append(x.problems, Problem{x.where, path, what, mend})
}

// sidecars reads an owner's list.
func (x *expansion) sidecars(owner string, service map[string]any, list []any) []sidecar {
	var out []sidecar
	count := map[string]int{}
	taken := x.neighbours(owner, service)
	for i, entry := range list {
		s := sidecar{path: fmt.Sprintf("services.%s.%s[%d]", owner, servicesExtension, i)}
		var image string
		var further []string
		switch v := entry.(type) {
		case string:
			image, s.attributes = v, map[string]any{}
		case map[string]any:
			image, further = x.read(&s, v)
		default:
			x.problem(s.path, "neither an image nor a mapping", "write an image, or name: with the image")
			continue
		}
		derived, err := imageAliases(image)
		if err != nil {
			x.problem(s.path, err.Error(), "write [registry[:port]/]name[:tag][@digest], the name in lower case")
			continue
		}
		base := "service"
		if len(derived) > 0 {
			base = derived[len(derived)-1]
		}
		count[base]++
		for _, alias := range derived {
			if alias = numbered(alias, count[base]); hostName.MatchString(alias) && taken[alias] == "" {
				s.aliases, taken[alias] = append(s.aliases, alias), s.path
			}
		}
		for _, alias := range further {
			switch {
			case !hostName.MatchString(alias):
				x.problem(s.path, "an alias is not a host name", "use letters, digits, '_', '.' and '-', a letter or digit first")
			case taken[alias] == "":
				s.aliases, taken[alias] = append(s.aliases, alias), s.path
			case taken[alias] != s.path:
				x.problem(s.path, "alias "+alias+" is taken by "+taken[alias], "choose another name")
			}
		}
		if len(s.aliases) == 0 {
			x.problem(s.path, "no name is left for it: it has none of its own that is not taken", "give it an alias")
		}
		s.name = unused(mapping(x.model["services"]), sidecarName(owner, numbered(base, count[base])), out)
		s.attributes["image"] = image
		out = append(out, s)
	}
	return out
}

// read takes the image and the further names out of an entry; what is left is
// the service's.
func (x *expansion) read(s *sidecar, entry map[string]any) (image string, further []string) {
	s.attributes = maps.Clone(entry)
	rename := func(from, to string) {
		value, ok := s.attributes[from]
		if !ok {
			return
		}
		if _, both := s.attributes[to]; both {
			x.problem(s.path, from+" and "+to+" are the same, and both are there", "write one of them")
		}
		delete(s.attributes, from)
		s.attributes[to] = value
	}
	rename("name", "image")
	rename("variables", "environment")
	for _, attribute := range []string{"networks", "network_mode", servicesExtension} {
		if _, ok := s.attributes[attribute]; ok {
			x.problem(s.path, attribute+" is not for a service of a service: it is on one network with its owner", "remove it, or write a service of its own")
		}
	}
	further, err := splitAliases(s.attributes["alias"])
	if err != nil {
		x.problem(s.path, "alias is "+err.Error(), "write alias: db, or alias: [db, postgres]")
	}
	delete(s.attributes, "alias")
	image, _ = s.attributes["image"].(string)
	return image, further
}

// add puts the services into the model, and makes their owner wait for them.
func (x *expansion) add(owner string, service map[string]any, network string, sidecars []sidecar) {
	services, depends := mapping(x.model["services"]), mapping(service["depends_on"])
	for _, s := range sidecars {
		aliases := make([]any, len(s.aliases))
		for i, alias := range s.aliases {
			aliases[i] = alias
		}
		s.attributes["networks"] = map[string]any{network: map[string]any{"aliases": aliases}}
		for _, attribute := range []string{"pull_policy", "profiles", "scale"} {
			if value, ok := service[attribute]; ok && s.attributes[attribute] == nil {
				s.attributes[attribute] = value
			}
		}
		loaded, err := x.load(map[string]any{"services": map[string]any{s.name: s.attributes}})
		if err != nil {
			x.refused(s, err)
			continue
		}
		maps.Copy(services, mapping(loaded["services"]))
		depends[s.name] = map[string]any{"condition": types.ServiceConditionStarted, "required": true, readyExtension: true}
	}
	service["depends_on"] = depends
}

// refused reports what compose-go says of an entry, with the entry's own path.
func (x *expansion) refused(s sidecar, err error) {
	text := validating.ReplaceAllString(err.Error(), "")
	if m := noAttribute.FindStringSubmatch(text); m != nil {
		parent, name := m[1]+m[3], m[2]+m[4]
		mend := "remove it"
		if near := Nearest(name, attributes(parent)); near != "" {
			mend = "did you mean " + near + "?"
		}
		x.problem(strings.Replace(parent, "services."+s.name, s.path, 1), "there is no attribute "+name, mend)
		return
	}
	x.problem(s.path, strings.ReplaceAll(text, "services."+s.name, s.path), "mend the entry: its attributes are those of any service")
}

// services reads LAUNCH_SERVICES.
func (l *launch) services() {
	words := l.checked("LAUNCH_SERVICES", func(image string) error {
		aliases, err := imageAliases(image)
		if err == nil && len(aliases) == 0 {
			err = errors.New("an image without a name, which would be the service's")
		}
		return err
	}, "write [registry[:port]/]name[:tag][@digest], the name in lower case")
	if len(words) == 0 {
		return
	}
	if mode := l.modeOf(); mode != "" {
		l.problem("LAUNCH_SERVICES", words[0], "with network mode "+mode+" the child has no network that services could be on", "remove LAUNCH_HOST_NETWORK and LAUNCH_NETWORK_MODE, or LAUNCH_SERVICES")
		return
	}
	l.set("LAUNCH_SERVICES", servicesExtension, values(words))
}

// mapping is a part of a model, an empty one when there is none.
func mapping(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

// sidecarName leaves out what a service's name may not have.
func sidecarName(owner, name string) string {
	return owner + "-" + strings.Trim(strings.Map(func(r rune) rune {
		if composeKey.MatchString(string(r)) {
			return r
		}
		return '-'
	}, name), "-")
}

// unused is a key that neither the mapping nor one of the sidecars has.
func unused(have map[string]any, key string, sidecars []sidecar) string {
	for n := 1; ; n++ {
		candidate := numbered(key, n)
		_, ok := have[candidate]
		if !ok && !slices.ContainsFunc(sidecars, func(s sidecar) bool { return s.name == candidate }) {
			return candidate
		}
	}
}
