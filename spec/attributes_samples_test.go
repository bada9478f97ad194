package spec

// sample is a document that has an attribute, written as what goes into the
// service web; of the attributes of other objects it is the rest of the document
// too. DIR is a directory with the files of sampleFiles.
type sample struct {
	service string
	rest    string
	// other takes the attribute's place in the document that it is compared
	// with; without it the attribute is left out there. NONE leaves out what is
	// around it too, and need not be a document that can be loaded.
	other string
}

var sampleFiles = map[string]string{
	"a.env": "A=1\n", "raw.env": "A='${B}'\n", "labels": "l=1\n", "secret": "s3cret\n", "secret2": "other\n",
	"base.yml":  "services:\n  web: {image: x, user: base}\n  base: {image: x, user: other}\n",
	"base2.yml": "services:\n  web: {image: x, user: base2}\n",
}

const (
	aSecret = "secrets: {s: {file: DIR/secret}, s2: {file: DIR/secret2}}"
	aConfig = "configs: {c: {file: DIR/secret}, c2: {file: DIR/secret2}}"
	aVolume = "volumes: {v: }"
	aDevice = "{device_read_bps: [{path: /dev/sda, rate: 1}], device_read_iops: [{path: /dev/sda, rate: 1}], device_write_bps: [{path: /dev/sda, rate: 1}], device_write_iops: [{path: /dev/sda, rate: 1}], weight_device: [{path: /dev/sda, weight: 10}]}"
	aGPU    = "{capabilities: [gpu], driver: nvidia, options: {a: b}}"
	aHealth = "{test: 'true', interval: 1s, timeout: 1s, retries: 3, start_period: 1s}"
	aHook   = "[{command: [a], environment: {A: b}, privileged: true, user: u, working_dir: /w}]"
	onNet   = "networks: {n: }"
	aNet    = "networks: {n: {aliases: [a], driver_opts: {a: b}, gw_priority: 5, interface_name: eth7, ipv4_address: 10.0.0.1, ipv6_address: 'fd00::1', link_local_ips: [169.254.1.1], mac_address: '02:00:00:00:00:01', use_service_name_alias: false}}"
	aBind   = "volumes: [{type: bind, source: /a, target: /v, bind: {create_host_path: false, propagation: shared, recursive: disabled}}]"
	aMount  = "volumes: [{type: volume, source: v, target: /v, volume: {labels: {a: b}, nocopy: true, subpath: a}}]"
	aTmpfs  = "volumes: [{type: tmpfs, target: /v, tmpfs: {mode: 0700, size: 1m}}]"
)

// samples are for each attribute but those of plainSamples.
var samples = map[string]sample{
	"services.*.name": {service: "name: x"},

	"services.*.blkio_config.weight":                                  {service: "blkio_config: {weight: 10}"},
	"services.*.blkio_config.weight_device[].path":                    {service: "blkio_config: " + aDevice, other: "/dev/sdb"},
	"services.*.blkio_config.weight_device[].weight":                  {service: "blkio_config: " + aDevice, other: "20"},
	"services.*.blkio_config.device_read_bps[].path":                  {service: "blkio_config: " + aDevice, other: "/dev/sdb"},
	"services.*.blkio_config.device_read_bps[].rate":                  {service: "blkio_config: " + aDevice, other: "2"},
	"services.*.blkio_config.device_read_iops[].path":                 {service: "blkio_config: " + aDevice, other: "/dev/sdb"},
	"services.*.blkio_config.device_read_iops[].rate":                 {service: "blkio_config: " + aDevice, other: "2"},
	"services.*.blkio_config.device_write_bps[].path":                 {service: "blkio_config: " + aDevice, other: "/dev/sdb"},
	"services.*.blkio_config.device_write_bps[].rate":                 {service: "blkio_config: " + aDevice, other: "2"},
	"services.*.blkio_config.device_write_iops[].path":                {service: "blkio_config: " + aDevice, other: "/dev/sdb"},
	"services.*.blkio_config.device_write_iops[].rate":                {service: "blkio_config: " + aDevice, other: "2"},
	"services.*.configs[].source":                                     {service: "configs: [{source: c, target: /c}]", rest: aConfig, other: "c2"},
	"services.*.configs[].target":                                     {service: "configs: [{source: c, target: /else}]", rest: aConfig},
	"services.*.configs[].uid":                                        {service: "configs: [{source: c, uid: '5'}]", rest: aConfig},
	"services.*.configs[].gid":                                        {service: "configs: [{source: c, gid: '5'}]", rest: aConfig},
	"services.*.configs[].mode":                                       {service: "configs: [{source: c, mode: 0400}]", rest: aConfig},
	"services.*.secrets[].source":                                     {service: "secrets: [{source: s, target: /s}]", rest: aSecret, other: "s2"},
	"services.*.secrets[].target":                                     {service: "secrets: [{source: s, target: else}]", rest: aSecret},
	"services.*.secrets[].uid":                                        {service: "secrets: [{source: s, uid: '5'}]", rest: aSecret},
	"services.*.secrets[].gid":                                        {service: "secrets: [{source: s, gid: '5'}]", rest: aSecret},
	"services.*.secrets[].mode":                                       {service: "secrets: [{source: s, mode: 0400}]", rest: aSecret},
	"services.*.depends_on.*.condition":                               {service: "depends_on: {other: {condition: service_healthy}}", other: "service_started"},
	"services.*.depends_on.*.required":                                {service: "depends_on: {other: {condition: service_started, required: false}}"},
	"services.*.depends_on.*.restart":                                 {service: "depends_on: {other: {condition: service_started, restart: true}}"},
	"services.*.devices[].source":                                     {service: "devices: [{source: /dev/a, target: /dev/c}]", other: "/dev/b"},
	"services.*.devices[].target":                                     {service: "devices: [{source: /dev/a, target: /dev/c}]", other: "/dev/b"},
	"services.*.devices[].permissions":                                {service: "devices: [{source: /dev/a, target: /dev/c, permissions: r}]"},
	"services.*.env_file[].path":                                      {service: "env_file: [{path: DIR/a.env}]", other: "DIR/raw.env"},
	"services.*.env_file[].required":                                  {service: "env_file: [{path: DIR/no, required: false}]", other: "true"},
	"services.*.env_file[].format":                                    {service: "env_file: [{path: DIR/raw.env, format: raw}]"},
	"services.*.extends.file":                                         {service: "extends: {file: DIR/base.yml, service: web}", other: "DIR/base2.yml"},
	"services.*.extends.service":                                      {service: "extends: {file: DIR/base.yml, service: web}", other: "base"},
	"services.*.gpus[].capabilities":                                  {service: "gpus: [{capabilities: [tpu], count: 1}]"},
	"services.*.gpus[].count":                                         {service: "gpus: [{driver: nvidia, count: 1}]"},
	"services.*.gpus[].device_ids":                                    {service: "gpus: [{driver: nvidia, device_ids: [a]}]", other: "[b]"},
	"services.*.gpus[].driver":                                        {service: "gpus: [" + aGPU + "]"},
	"services.*.gpus[].options":                                       {service: "gpus: [" + aGPU + "]"},
	"services.*.healthcheck.disable":                                  {service: "healthcheck: {disable: true}"},
	"services.*.healthcheck.interval":                                 {service: "healthcheck: " + aHealth},
	"services.*.healthcheck.retries":                                  {service: "healthcheck: " + aHealth},
	"services.*.healthcheck.start_period":                             {service: "healthcheck: " + aHealth},
	"services.*.healthcheck.start_interval":                           {service: "healthcheck: {test: 'true', start_period: 1s, start_interval: 1s}"},
	"services.*.healthcheck.test":                                     {service: "healthcheck: " + aHealth},
	"services.*.healthcheck.timeout":                                  {service: "healthcheck: " + aHealth},
	"services.*.logging.driver":                                       {service: "logging: {driver: local}"},
	"services.*.logging.options":                                      {service: "logging: {driver: local, options: {max-size: 1m}}"},
	"services.*.models":                                               {service: "models: [m]", rest: "models: {m: {model: m}}"},
	"services.*.networks.*.aliases":                                   {service: aNet, rest: onNet},
	"services.*.networks.*.driver_opts":                               {service: aNet, rest: onNet},
	"services.*.networks.*.gw_priority":                               {service: aNet, rest: onNet},
	"services.*.networks.*.interface_name":                            {service: aNet, rest: onNet},
	"services.*.networks.*.ipv4_address":                              {service: aNet, rest: onNet},
	"services.*.networks.*.ipv6_address":                              {service: aNet, rest: onNet},
	"services.*.networks.*.link_local_ips":                            {service: aNet, rest: onNet},
	"services.*.networks.*.mac_address":                               {service: aNet, rest: onNet},
	"services.*.networks.*.priority":                                  {service: "networks: {m: , n: {priority: 5}}", rest: "networks: {m: , n: }"},
	"services.*.networks.*.use_service_name_alias":                    {service: aNet, rest: onNet},
	"services.*.ports[].app_protocol":                                 {service: "ports: [{target: 80, app_protocol: http}]"},
	"services.*.ports[].host_ip":                                      {service: "ports: [{target: 80, host_ip: 127.0.0.1}]"},
	"services.*.ports[].mode":                                         {service: "ports: [{target: 80, mode: host}]"},
	"services.*.ports[].name":                                         {service: "ports: [{target: 80, name: web}]"},
	"services.*.ports[].protocol":                                     {service: "ports: [{target: 80, protocol: udp}]"},
	"services.*.ports[].published":                                    {service: "ports: [{target: 80, published: '8080'}]"},
	"services.*.ports[].target":                                       {service: "ports: [{target: 80}]", other: "81"},
	"services.*.post_start[].command":                                 {service: "post_start: " + aHook, other: "[b]"},
	"services.*.post_start[].environment":                             {service: "post_start: " + aHook},
	"services.*.post_start[].privileged":                              {service: "post_start: " + aHook},
	"services.*.post_start[].user":                                    {service: "post_start: " + aHook},
	"services.*.post_start[].working_dir":                             {service: "post_start: " + aHook},
	"services.*.pre_stop[].command":                                   {service: "pre_stop: " + aHook, other: "[b]"},
	"services.*.pre_stop[].environment":                               {service: "pre_stop: " + aHook},
	"services.*.pre_stop[].privileged":                                {service: "pre_stop: " + aHook},
	"services.*.pre_stop[].user":                                      {service: "pre_stop: " + aHook},
	"services.*.pre_stop[].working_dir":                               {service: "pre_stop: " + aHook},
	"services.*.ulimits.*.single":                                     {service: "ulimits: {nofile: 5}", other: "NONE"},
	"services.*.ulimits.*.soft":                                       {service: "ulimits: {nofile: {soft: 1, hard: 2}}", other: "2"},
	"services.*.ulimits.*.hard":                                       {service: "ulimits: {nofile: {soft: 1, hard: 2}}", other: "3"},
	"services.*.volumes[].type":                                       {service: "volumes: [{type: volume, source: v, target: /v}]", rest: aVolume, other: "bind"},
	"services.*.volumes[].source":                                     {service: "volumes: [{type: volume, source: v, target: /v}]", rest: aVolume},
	"services.*.volumes[].target":                                     {service: "volumes: [{type: volume, source: v, target: /v}]", rest: aVolume, other: "/w"},
	"services.*.volumes[].read_only":                                  {service: "volumes: [{type: volume, source: v, target: /v, read_only: true}]", rest: aVolume},
	"services.*.volumes[].consistency":                                {service: "volumes: [{type: tmpfs, target: /v, consistency: cached}]"},
	"services.*.volumes[].bind.create_host_path":                      {service: aBind},
	"services.*.volumes[].bind.propagation":                           {service: aBind},
	"services.*.volumes[].bind.recursive":                             {service: aBind},
	"services.*.volumes[].bind.selinux":                               {service: "volumes: [{type: bind, source: /a, target: /v, bind: {selinux: z}}]"},
	"services.*.volumes[].volume.labels":                              {service: aMount, rest: aVolume},
	"services.*.volumes[].volume.nocopy":                              {service: aMount, rest: aVolume},
	"services.*.volumes[].volume.subpath":                             {service: aMount, rest: aVolume},
	"services.*.volumes[].tmpfs.mode":                                 {service: aTmpfs},
	"services.*.volumes[].tmpfs.size":                                 {service: aTmpfs},
	"services.*.volumes[].image.subpath":                              {service: "volumes: [{type: image, source: x, target: /v, image: {subpath: a}}]", other: "b"},
	"services.*.deploy.restart_policy.condition":                      {service: "deploy: {restart_policy: {condition: none}}"},
	"services.*.deploy.restart_policy.max_attempts":                   {service: "deploy: {restart_policy: {condition: on-failure, max_attempts: 5}}"},
	"services.*.deploy.restart_policy.delay":                          {service: "deploy: {restart_policy: {condition: any, delay: 5s}}"},
	"services.*.deploy.restart_policy.window":                         {service: "deploy: {restart_policy: {condition: any, window: 5s}}"},
	"services.*.deploy.resources.limits.cpus":                         {service: "deploy: {resources: {limits: {cpus: '1', memory: 1g, pids: 5}}}"},
	"services.*.deploy.resources.limits.memory":                       {service: "deploy: {resources: {limits: {cpus: '1', memory: 1g, pids: 5}}}"},
	"services.*.deploy.resources.limits.pids":                         {service: "deploy: {resources: {limits: {cpus: '1', memory: 1g, pids: 5}}}"},
	"services.*.deploy.resources.limits.devices":                      {service: "deploy: {resources: {limits: {devices: [{capabilities: [gpu]}]}}}"},
	"services.*.deploy.resources.reservations.cpus":                   {service: "deploy: {resources: {reservations: {cpus: '1', memory: 1g}}}"},
	"services.*.deploy.resources.reservations.memory":                 {service: "deploy: {resources: {reservations: {cpus: '1', memory: 1g}}}"},
	"services.*.deploy.resources.reservations.pids":                   {service: "deploy: {resources: {reservations: {pids: 5}}}"},
	"services.*.deploy.resources.limits.generic_resources":            {service: "deploy: {resources: {limits: {generic_resources: [{discrete_resource_spec: {kind: a, value: 1}}]}}}"},
	"services.*.deploy.resources.reservations.generic_resources":      {service: "deploy: {resources: {reservations: {memory: 1g, generic_resources: [{discrete_resource_spec: {kind: a, value: 1}}]}}}"},
	"services.*.deploy.resources.reservations.devices[].capabilities": {service: "deploy: {resources: {reservations: {devices: [" + aGPU + "]}}}", other: "[tpu]"},
	"services.*.deploy.resources.reservations.devices[].count":        {service: "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 1}]}}}"},
	"services.*.deploy.resources.reservations.devices[].device_ids":   {service: "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], device_ids: [a]}]}}}", other: "[b]"},
	"services.*.deploy.resources.reservations.devices[].driver":       {service: "deploy: {resources: {reservations: {devices: [" + aGPU + "]}}}"},
	"services.*.deploy.resources.reservations.devices[].options":      {service: "deploy: {resources: {reservations: {devices: [" + aGPU + "]}}}"},

	"networks.*.attachable":                  {service: onNet, rest: "networks: {n: {attachable: true}}"},
	"networks.*.driver":                      {service: onNet, rest: "networks: {n: {driver: macvlan}}"},
	"networks.*.driver_opts":                 {service: onNet, rest: "networks: {n: {driver_opts: {a: b}}}"},
	"networks.*.enable_ipv4":                 {service: onNet, rest: "networks: {n: {enable_ipv4: false}}"},
	"networks.*.enable_ipv6":                 {service: onNet, rest: "networks: {n: {enable_ipv6: true}}"},
	"networks.*.external":                    {service: onNet, rest: "networks: {n: {name: own, external: true}}"},
	"networks.*.internal":                    {service: onNet, rest: "networks: {n: {internal: true}}"},
	"networks.*.ipam.driver":                 {service: onNet, rest: "networks: {n: {ipam: {driver: own, options: {a: b}}}}"},
	"networks.*.ipam.options":                {service: onNet, rest: "networks: {n: {ipam: {driver: own, options: {a: b}}}}"},
	"networks.*.ipam.config[].subnet":        {service: onNet, rest: "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}", other: "10.0.1.0/24"},
	"networks.*.ipam.config[].ip_range":      {service: onNet, rest: "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, ip_range: 10.0.0.0/25}]}}}"},
	"networks.*.ipam.config[].gateway":       {service: onNet, rest: "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.9}]}}}"},
	"networks.*.ipam.config[].aux_addresses": {service: onNet, rest: "networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24, aux_addresses: {a: 10.0.0.9}}]}}}"},
	"networks.*.labels":                      {service: onNet, rest: "networks: {n: {labels: {a: b}}}"},
	"networks.*.name":                        {service: onNet, rest: "networks: {n: {name: own}}"},

	"volumes.*.driver":      {service: "volumes: ['data:/v']", rest: "volumes: {data: {driver: nfs}}"},
	"volumes.*.driver_opts": {service: "volumes: ['data:/v']", rest: "volumes: {data: {driver_opts: {a: b}}}"},
	"volumes.*.external":    {service: "volumes: ['data:/v']", rest: "volumes: {data: {name: own, external: true}}"},
	"volumes.*.labels":      {service: "volumes: ['data:/v']", rest: "volumes: {data: {labels: {a: b}}}"},
	"volumes.*.name":        {service: "volumes: ['data:/v']", rest: "volumes: {data: {name: own}}"},

	"secrets.*.content":         {service: "secrets: [s]", rest: "secrets: {s: {content: a}}"},
	"secrets.*.driver":          {service: "secrets: [s]", rest: "secrets: {s: {file: DIR/secret, driver: d}}"},
	"secrets.*.driver_opts":     {service: "secrets: [s]", rest: "secrets: {s: {file: DIR/secret, driver_opts: {a: b}}}"},
	"secrets.*.environment":     {service: "secrets: [s]", rest: "secrets: {s: {environment: ONE}}", other: "TWO"},
	"secrets.*.external":        {service: "secrets: [s]", rest: "secrets: {s: {external: true}}", other: "NONE"},
	"secrets.*.file":            {service: "secrets: [s]", rest: "secrets: {s: {file: DIR/secret}}", other: "DIR/secret2"},
	"secrets.*.labels":          {service: "secrets: [s]", rest: "secrets: {s: {file: DIR/secret, labels: {a: b}}}"},
	"secrets.*.name":            {service: "secrets: [s]", rest: "secrets: {s: {file: DIR/secret, name: own}}"},
	"secrets.*.template_driver": {service: "secrets: [s]", rest: "secrets: {s: {file: DIR/secret, template_driver: d}}"},
	"configs.*.content":         {service: "configs: [c]", rest: "configs: {c: {content: 'a ${ONE}'}}", other: "a ${TWO}"},
	"configs.*.driver":          {service: "configs: [c]", rest: "configs: {c: {file: DIR/secret, driver: d}}"},
	"configs.*.driver_opts":     {service: "configs: [c]", rest: "configs: {c: {file: DIR/secret, driver_opts: {a: b}}}"},
	"configs.*.environment":     {service: "configs: [c]", rest: "configs: {c: {environment: ONE}}", other: "TWO"},
	"configs.*.external":        {service: "configs: [c]", rest: "configs: {c: {external: true}}", other: "NONE"},
	"configs.*.file":            {service: "configs: [c]", rest: "configs: {c: {file: DIR/secret}}", other: "DIR/secret2"},
	"configs.*.labels":          {service: "configs: [c]", rest: "configs: {c: {file: DIR/secret, labels: {a: b}}}"},
	"configs.*.name":            {service: "configs: [c]", rest: "configs: {c: {file: DIR/secret, name: own}}"},
	"configs.*.template_driver": {service: "configs: [c]", rest: "configs: {c: {file: DIR/secret, template_driver: d}}"},

	"name":   {rest: "name: own"},
	"jobs":   {rest: "jobs: {j: {image: x, triggers: {manual: true}}}"},
	"models": {service: "models: [m]", rest: "models: {m: {model: m}}", other: "NONE"},
}

// plainSamples are values of attributes directly below a service or deploy.
var plainSamples = map[string]string{
	"annotations": "{a: b}", "attach": "true", "build": "{context: .}", "cap_add": "[ALL]", "cap_drop": "[ALL]", "cgroup": "host", "cgroup_parent": "/x",
	"command": "a b", "container_name": "own", "cpu_count": "2", "cpu_percent": "50", "cpu_period": "100000", "cpu_quota": "5000", "cpu_rt_period": "1000",
	"cpu_rt_runtime": "1000", "cpu_shares": "5", "cpus": "1.5", "cpuset": "'0'", "credential_spec": "{file: f}", "develop": "{watch: []}",
	"device_cgroup_rules": "['c 1:3 mr']", "dns": "1.1.1.1", "dns_opt": "[use-vc]", "dns_search": "a.b", "dockerfile": "f", "domainname": "a.b",
	"entrypoint": "a", "environment": "{A: b}", "expose": "['80']", "external_links": "['a:b']", "extra_hosts": "['a:1.1.1.1']", "group_add": "['5']",
	"hostname": "h", "image": "z", "init": "true", "ipc": "host", "isolation": "hyperv", "label_file": "DIR/labels", "labels": "{a: b}",
	"links": "[other]", "log_driver": "d", "log_opt": "{a: b}", "mac_address": "'02:00:00:00:00:01'", "mem_limit": "1g", "mem_reservation": "1g",
	"mem_swappiness": "5", "memswap_limit": "1g", "net": "host", "network_mode": "host", "oom_kill_disable": "true", "oom_score_adj": "5", "pid": "host",
	"pids_limit": "5", "platform": "linux/arm64", "pre_start": "[{command: a}]",
	"privileged": "true", "profiles": "[never]", "provider": "{type: t}", "pull_policy": "weekly", "pull_refresh_after": "1h", "read_only": "true",
	"restart": "on-failure:5", "runtime": "r", "scale": "0", "security_opt": "['label=disable']", "shm_size": "1g", "stdin_open": "true",
	"stop_grace_period": "5s", "stop_signal": "SIGINT", "storage_opt": "{size: 1G}", "sysctls": "{a: b}", "tmpfs": "/t", "tty": "true", "umask": "0",
	"use_api_socket": "true", "user": "u", "userns_mode": "host", "uts": "host", "volume_driver": "d", "volumes_from": "[other]", "working_dir": "/w",

	"deploy.mode": "global", "deploy.replicas": "0", "deploy.labels": "{a: b}", "deploy.update_config": "{order: start-first}",
	"deploy.rollback_config": "{order: start-first}", "deploy.placement": "{constraints: [a==b]}", "deploy.endpoint_mode": "dnsrr",
}
