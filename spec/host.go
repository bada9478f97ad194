package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
)

// hostConfig is complete but for the network namespace of foster's container.
// The engine's restart policy is always "no": a child that the engine revives
// without its parent is an orphan.
func hostConfig(doc *types.Project, s types.ServiceConfig) (*container.HostConfig, error) {
	binds, mounts := storageOf(doc, s)
	security, unconfined, err := securityOpts(doc.WorkingDir, s.SecurityOpt)
	if err != nil {
		return nil, err
	}
	var logging container.LogConfig
	if s.Logging != nil {
		logging = container.LogConfig{Type: s.Logging.Driver, Config: s.Logging.Options}
	}
	tmpfs := map[string]string{}
	for _, t := range s.Tmpfs {
		path, options, _ := strings.Cut(t, ":")
		tmpfs[path] = options
	}
	hosts := s.ExtraHosts.AsList(":") // in the order of a map
	slices.Sort(hosts)
	host := &container.HostConfig{
		Annotations:    s.Annotations,
		Binds:          binds,
		Mounts:         mounts,
		CapAdd:         s.CapAdd,
		CapDrop:        s.CapDrop,
		NetworkMode:    networkModeOf(doc, s),
		Init:           s.Init,
		IpcMode:        container.IpcMode(resolved(doc, s.Ipc)),
		CgroupnsMode:   container.CgroupnsMode(s.Cgroup),
		ReadonlyRootfs: s.ReadOnly,
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled},
		ShmSize:        int64(s.ShmSize),
		Sysctls:        s.Sysctls,
		PortBindings:   portBindings(s),
		Resources:      resourcesOf(s),
		VolumesFrom:    volumesFrom(doc, s),
		DNS:            s.DNS,
		DNSSearch:      s.DNSSearch,
		DNSOptions:     s.DNSOpts,
		ExtraHosts:     hosts,
		SecurityOpt:    security,
		StorageOpt:     s.StorageOpt,
		UsernsMode:     container.UsernsMode(s.UserNSMode),
		UTSMode:        container.UTSMode(s.Uts),
		Privileged:     s.Privileged,
		PidMode:        container.PidMode(resolved(doc, s.Pid)),
		Tmpfs:          tmpfs,
		Isolation:      container.Isolation(s.Isolation),
		Runtime:        s.Runtime,
		LogConfig:      logging,
		GroupAdd:       s.GroupAdd,
		Links:          links(doc, s),
		OomScoreAdj:    int(s.OomScoreAdj),
	}
	if unconfined {
		host.MaskedPaths, host.ReadonlyPaths = []string{}, []string{}
	}
	return host, nil
}

func exposedPorts(s types.ServiceConfig) nat.PortSet {
	ports := nat.PortSet{}
	for _, p := range s.Expose {
		ports[nat.Port(p)] = struct{}{}
	}
	for _, p := range s.Ports {
		ports[portOf(p)] = struct{}{}
	}
	return ports
}

func portBindings(s types.ServiceConfig) nat.PortMap {
	bindings := nat.PortMap{}
	for _, p := range s.Ports {
		bindings[portOf(p)] = append(bindings[portOf(p)], nat.PortBinding{HostIP: p.HostIP, HostPort: p.Published})
	}
	return bindings
}

func portOf(p types.ServicePortConfig) nat.Port {
	return nat.Port(fmt.Sprintf("%d/%s", p.Target, p.Protocol))
}

// volumesFrom names the containers of services; container:x is x.
func volumesFrom(doc *types.Project, s types.ServiceConfig) []string {
	var out []string
	for _, from := range s.VolumesFrom {
		if name, ok := strings.CutPrefix(from, types.ContainerPrefix); ok {
			out = append(out, name)
			continue
		}
		name, options, hasOptions := strings.Cut(from, ":")
		from = containerName(doc.Name, doc.Services[name])
		if hasOptions {
			from += ":" + options
		}
		out = append(out, from)
	}
	return out
}

// securityOpts puts the text of a seccomp profile in place of its path.
// systempaths=unconfined is no option of the engine but two empty lists.
func securityOpts(dir string, options []string) (parsed []string, unconfined bool, err error) {
	for _, option := range options {
		if option == "systempaths=unconfined" {
			unconfined = true
			continue
		}
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			name, value, _ = strings.Cut(option, ":")
		}
		if value == "" && name != "no-new-privileges" {
			return nil, false, fmt.Errorf("security option %q is not of the form name=value", option)
		}
		if name == "seccomp" {
			profile, err := seccompProfile(dir, value)
			if err != nil {
				return nil, false, fmt.Errorf("security option %q: %w", option, err)
			}
			if profile != "" {
				option = "seccomp=" + profile
			}
		}
		parsed = append(parsed, option)
	}
	return parsed, unconfined, nil
}

// seccompProfile reads a profile from foster's own file system as compact
// JSON; "" for the names that the engine knows itself.
func seccompProfile(dir, value string) (string, error) {
	if value == "unconfined" || value == "builtin" {
		return "", nil
	}
	if !filepath.IsAbs(value) {
		value = filepath.Join(dir, value)
	}
	text, err := readValue(value)
	if err != nil {
		return "", err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		return "", errors.New("the seccomp profile is not JSON")
	}
	return compact.String(), nil
}
