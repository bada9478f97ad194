package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// hash covers everything that the child's container is made from: not when its
// image is pulled, not what it waits for, not the labels that differ from run
// to run or from one version of foster to the next.
func (c Child) hash() (string, error) {
	config := *c.Config
	config.Labels = map[string]string{}
	for label, value := range c.Config.Labels {
		switch label {
		case labelComposeHash, labelComposeVersion, LabelComposeImage, LabelSpecHash,
			LabelParent, LabelTask, LabelService, LabelNode, LabelVersion:
		default:
			config.Labels[label] = value
		}
	}
	c.Config = &config
	c.Hash, c.Pull, c.PullEvery = "", PullMissing, 0
	c.After, c.Restart, c.MaxAttempts, c.OneShot, c.Probed = nil, RestartInherit, 0, false, false
	return jsonHash(c)
}

func jsonHash(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("hash %T: %w", v, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// composeOrder is the order of a service's attributes in the JSON of the
// compose-go that Compose 2.40.3 is built with. Its hash depends on it.
var composeOrder = strings.Fields(`profiles annotations attach build develop blkio_config cap_add cap_drop cgroup_parent cgroup
	cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset cpu_shares command configs container_name
	credential_spec depends_on deploy device_cgroup_rules devices dns dns_opt dns_search dockerfile domainname entrypoint provider
	environment env_file expose extends external_links extra_hosts group_add gpus hostname healthcheck image init ipc isolation
	labels label_file links logging log_driver log_opt mem_limit mem_reservation memswap_limit mem_swappiness mac_address models
	net network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports privileged pull_policy read_only restart
	runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits
	use_api_socket user userns_mode uts volume_driver volumes volumes_from working_dir post_start pre_stop`)

// serviceHash is the value of Compose's config-hash label: `docker compose up`
// on the same document would find the child unchanged.
func serviceHash(s types.ServiceConfig) (string, error) {
	s.Build, s.PullPolicy, s.Scale, s.DependsOn, s.Profiles = nil, "", nil, nil, nil
	if s.Deploy != nil {
		deploy := *s.Deploy
		deploy.Replicas = nil
		s.Deploy = &deploy
	}
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("hash service %q: %w", s.Name, err)
	}
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(text, &attributes); err != nil {
		return "", fmt.Errorf("hash service %q: %w", s.Name, err)
	}
	if len(s.Volumes) > 0 {
		if attributes["volumes"], err = volumesAsCompose(s.Volumes); err != nil {
			return "", fmt.Errorf("hash service %q: %w", s.Name, err)
		}
	}
	var ordered bytes.Buffer
	write := func(name string, value json.RawMessage) {
		if ordered.Len() == 0 {
			ordered.WriteByte('{')
		} else {
			ordered.WriteByte(',')
		}
		fmt.Fprintf(&ordered, "%q:%s", name, value)
	}
	for _, name := range composeOrder {
		if value, ok := attributes[name]; ok {
			write(name, value)
			delete(attributes, name)
		}
	}
	// What that version does not know comes last, in a stable order.
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		write(name, attributes[name])
	}
	ordered.WriteByte('}')
	sum := sha256.Sum256(ordered.Bytes())
	return hex.EncodeToString(sum[:]), nil
}

// volumesAsCompose spells create_host_path as Compose 2.40.3 does: when true.
func volumesAsCompose(volumes []types.ServiceVolumeConfig) (json.RawMessage, error) {
	type bind struct {
		SELinux        string `json:"selinux,omitempty"`
		Propagation    string `json:"propagation,omitempty"`
		CreateHostPath bool   `json:"create_host_path,omitempty"`
		Recursive      string `json:"recursive,omitempty"`
	}
	type volume struct {
		Type        string                     `json:"type,omitempty"`
		Source      string                     `json:"source,omitempty"`
		Target      string                     `json:"target,omitempty"`
		ReadOnly    bool                       `json:"read_only,omitempty"`
		Consistency string                     `json:"consistency,omitempty"`
		Bind        *bind                      `json:"bind,omitempty"`
		Volume      *types.ServiceVolumeVolume `json:"volume,omitempty"`
		Tmpfs       *types.ServiceVolumeTmpfs  `json:"tmpfs,omitempty"`
		Image       *types.ServiceVolumeImage  `json:"image,omitempty"`
	}
	out := make([]volume, len(volumes))
	for i, v := range volumes {
		out[i] = volume{v.Type, v.Source, v.Target, v.ReadOnly, v.Consistency, nil, v.Volume, v.Tmpfs, v.Image}
		if v.Bind != nil {
			out[i].Bind = &bind{v.Bind.SELinux, v.Bind.Propagation, bool(v.Bind.CreateHostPath), v.Bind.Recursive}
		}
	}
	return json.Marshal(out)
}
