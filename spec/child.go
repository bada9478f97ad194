package spec

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// DefaultGrace is what the engine gives a container between its stop signal
// and SIGKILL when nothing else was configured.
const DefaultGrace = 10 * time.Second

// convert turns a loaded document into what the engine takes. It mutates
// nothing of the document. Problems name where as their variable.
func convert(doc *types.Project, where string) (*Project, []string, Problems) {
	warnings, problems := refuse(doc, where)
	if len(problems) > 0 {
		return nil, nil, problems
	}
	project := &Project{Name: doc.Name}
	names := map[string]string{}
	doc = running(doc)
	if len(doc.Services) == 0 {
		problems = append(problems, Problem{where, "", "no service has a container: the scale of each is 0", "give one the scale 1"})
	}
	for _, key := range slices.Sorted(maps.Keys(doc.Services)) {
		files, about, wrong := filesOf(doc, doc.Services[key], where)
		warnings, problems = append(warnings, about...), append(problems, wrong...)
		child, err := newChild(doc, doc.Services[key], files)
		if err != nil {
			problems = append(problems, Problem{where, "services." + key, err.Error(), "mend the service"})
			continue
		}
		if other, taken := names[child.ContainerName]; taken {
			problems = append(problems, Problem{where, "services." + key, "the container name " + child.ContainerName + " is that of service " + other + " too", "give one of the two another container_name"})
		}
		names[child.ContainerName] = key
		project.Children = append(project.Children, *child)
	}
	if len(problems) > 0 {
		return nil, nil, problems
	}
	var err error
	if project.Networks, err = networks(doc); err == nil {
		project.Volumes, err = volumes(doc)
	}
	if err != nil {
		return nil, nil, Problems{{where, "", err.Error(), "mend the document"}}
	}
	return project, warnings, nil
}

// newChild converts one service. A namespace shared with another service is
// written as container:<its container's name>.
func newChild(doc *types.Project, s types.ServiceConfig, files []File) (*Child, error) {
	labels, err := childLabels(doc, s)
	if err != nil {
		return nil, err
	}
	health, err := healthcheck(s.HealthCheck)
	if err != nil {
		return nil, err
	}
	host, err := hostConfig(doc, s)
	if err != nil {
		return nil, err
	}
	platform, err := parsePlatform(s.Platform, doc.Environment["DOCKER_DEFAULT_PLATFORM"])
	if err != nil {
		return nil, err
	}
	c := &Child{
		Name:          s.Name,
		ContainerName: containerName(doc.Name, s),
		Image:         s.Image,
		Platform:      platform,
		Files:         files,
		Config: &container.Config{
			Hostname:        s.Hostname,
			Domainname:      s.DomainName,
			User:            s.User,
			ExposedPorts:    exposedPorts(s),
			Tty:             s.Tty,
			OpenStdin:       s.StdinOpen,
			AttachStdout:    true,
			AttachStderr:    true,
			Cmd:             []string(s.Command),
			Image:           s.Image,
			WorkingDir:      s.WorkingDir,
			Entrypoint:      []string(s.Entrypoint),
			NetworkDisabled: s.NetworkMode == "disabled",
			Labels:          labels,
			StopSignal:      s.StopSignal,
			Env:             environment(s.Environment),
			Healthcheck:     health,
		},
		Host:       host,
		StopSignal: s.StopSignal,
		Grace:      DefaultGrace,
	}
	if s.StopGracePeriod != nil {
		c.Grace, c.GraceSet = time.Duration(*s.StopGracePeriod), true
		seconds := int(c.Grace.Seconds())
		c.Config.StopTimeout = &seconds
	}
	if s.PullPolicy != "" {
		if c.Pull, c.PullEvery, err = parsePull(s.PullPolicy); err != nil {
			return nil, fmt.Errorf("pull_policy %q: %w", s.PullPolicy, err)
		}
	}
	if c.Restart, c.MaxAttempts, err = restartOf(s); err != nil {
		return nil, fmt.Errorf("restart %q: %w", s.Restart, err)
	}
	if c.PostStart, err = hooks("post_start", s.PostStart); err != nil {
		return nil, err
	}
	if c.PreStop, err = hooks("pre_stop", s.PreStop); err != nil {
		return nil, err
	}
	c.After, c.BoundTo = dependencies(doc, s), bonds(doc, s)
	c.OneShot, c.Probed = isOneShot(doc, s.Name), isProbed(doc, s.Name)
	if c.SharesParent = s.NetworkMode == ModeTask; c.SharesParent {
		host.NetworkMode = ""
	}
	if c.Endpoints, err = endpoints(doc, s); err != nil {
		return nil, err
	}
	//lint:ignore SA1019 engines below API 1.44 go by this field
	c.Config.MacAddress = s.MacAddress
	if len(c.Endpoints) > 0 && c.Endpoints[0].Settings.MacAddress != "" {
		//lint:ignore SA1019 engines below API 1.44 go by this field
		c.Config.MacAddress = c.Endpoints[0].Settings.MacAddress
	}
	if c.Hash, err = c.hash(); err != nil {
		return nil, err
	}
	c.Config.Labels[LabelSpecHash] = c.Hash
	return c, nil
}

func containerName(project string, s types.ServiceConfig) string {
	if s.ContainerName != "" {
		return s.ContainerName
	}
	return strings.Join([]string{project, s.Name, composeContainerNumber}, composeSeparator)
}

// environment is sorted; Compose leaves it in no order.
func environment(mapping types.MappingWithEquals) []string {
	var env []string
	for _, name := range slices.Sorted(maps.Keys(mapping)) {
		if value := mapping[name]; value == nil {
			env = append(env, name)
		} else {
			env = append(env, name+"="+*value)
		}
	}
	return env
}

// healthcheck keeps StartInterval, which is refused for engines below API 1.44.
func healthcheck(h *types.HealthCheckConfig) (*container.HealthConfig, error) {
	if h == nil {
		return nil, nil
	}
	if h.StartInterval != nil && h.StartPeriod == nil {
		return nil, errors.New("healthcheck.start_interval needs start_period")
	}
	out := &container.HealthConfig{Test: h.Test}
	if h.Disable {
		out.Test = []string{"NONE"}
	}
	for from, to := range map[*types.Duration]*time.Duration{
		h.Interval: &out.Interval, h.Timeout: &out.Timeout, h.StartPeriod: &out.StartPeriod, h.StartInterval: &out.StartInterval,
	} {
		if from != nil {
			*to = time.Duration(*from)
		}
	}
	if h.Retries != nil {
		out.Retries = int(*h.Retries)
	}
	return out, nil
}

// resolved replaces service:x by the container of x.
func resolved(doc *types.Project, mode string) string {
	name, ok := strings.CutPrefix(mode, composeServiceReference)
	if !ok {
		return mode
	}
	return types.ContainerPrefix + containerName(doc.Name, doc.Services[name])
}

// parsePlatform reads os/arch[/variant], or arch or linux alone, and spells
// them as Compose does; nil when both texts are "".
func parsePlatform(asked, fallback string) (*ocispec.Platform, error) {
	if asked == "" {
		asked = fallback
	}
	if asked == "" {
		return nil, nil
	}
	parts := strings.Split(strings.ToLower(asked), "/")
	switch {
	case len(parts) == 1 && parts[0] == "linux":
		parts = append(parts, runtime.GOARCH)
	case len(parts) == 1:
		parts = []string{"linux", parts[0]}
	}
	if len(parts) > 3 || slices.Contains(parts, "") {
		return nil, fmt.Errorf("platform %q is not of the form os/arch[/variant]", asked)
	}
	p := &ocispec.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	switch p.Architecture {
	case "x86_64", "x86-64":
		p.Architecture = "amd64"
	case "aarch64":
		p.Architecture = "arm64"
	case "i386":
		p.Architecture, p.Variant = "386", ""
	case "armhf":
		p.Architecture = "arm"
		if p.Variant != "" {
			p.Variant = "v7"
		}
	case "armel":
		p.Architecture, p.Variant = "arm", "v6"
	}
	switch arch := p.Architecture + "/" + p.Variant; arch {
	case "amd64/v1":
		p.Variant = ""
	case "arm/5", "arm/6", "arm/7", "arm/8", "arm64/8", "arm64/9":
		p.Variant = "v" + p.Variant
	case "arm64/v8.0", "arm64/9.0", "arm64/v9.0":
		p.Variant = "v" + strings.TrimSuffix(strings.TrimPrefix(p.Variant, "v"), ".0")
	}
	return p, nil
}
