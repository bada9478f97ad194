package spec

// Kind says how a variable's value is written.
type Kind string

// The kinds.
const (
	KindText     Kind = "text"
	KindBool     Kind = "boolean" // see ParseBool
	KindList     Kind = "list"    // words between spaces; quotes group
	KindDuration Kind = "duration"
	KindSize     Kind = "size"
	KindPath     Kind = "path" // of a file in foster's own container
	KindNumber   Kind = "number"
	KindChoice   Kind = "choice"
)

// Variable is one setting, as the configuration table shows it. Each but
// LOGIN_PASSWORD_FILE can also be given as Name_FILE.
type Variable struct {
	Name    string
	Kind    Kind
	Doc     string // one line
	Default string // "" for none
	Example string // a valid value
	Secret  bool   // never shown
}

// Variables is the table of all settings of what is launched and of access to
// registries. It is complete: ReadEnv refuses other LAUNCH_ names.
var Variables = []Variable{
	{Name: "LAUNCH_IMAGE", Kind: KindText, Doc: "Image of the child; required unless a compose file is mounted.", Example: "gitlab/gitlab-runner:alpine"},
	{Name: "LAUNCH_COMMAND", Kind: KindText, Doc: "Command instead of the image's, as one line; quotes group.", Example: "run --user=gitlab-runner"},
	{Name: "LAUNCH_PULL", Kind: KindChoice, Doc: "When to pull: `always` (or `true`), `missing` (or `false`, `if-not-present`), `never`; `daily`, `weekly`, `every_12h`: when the image is older.", Default: "missing", Example: "always"},
	{Name: "LAUNCH_PROJECT_NAME", Kind: KindText, Doc: "Compose project: lower-case letters, digits, `-` and `_`.", Default: "the Swarm service's name", Example: "runners"},
	{Name: "LAUNCH_SERVICE_NAME", Kind: KindText, Doc: "Compose service, and the child's DNS name on its networks.", Default: "the Swarm service's name without the stack's", Example: "gitlab-runner"},
	{Name: "LAUNCH_CONTAINER_NAME", Kind: KindText, Doc: "Name of the container.", Default: "`<project>-<service>-1`", Example: "gitlab-ci-runner"},
	{Name: "LAUNCH_HOSTNAME", Kind: KindText, Doc: "Host name inside the child.", Default: "the short container ID", Example: "runner1"},

	{Name: "LAUNCH_PRIVILEGED", Kind: KindBool, Doc: "Run the child privileged.", Default: "false", Example: "true"},
	{Name: "LAUNCH_DEVICES", Kind: KindList, Doc: "Devices: `/dev/host[:/dev/child[:rwm]]`.", Example: "/dev/fuse /dev/ttyUSB0:/dev/ttyS0:rw"},
	{Name: "LAUNCH_CAP_ADD", Kind: KindList, Doc: "Capabilities to add.", Example: "NET_ADMIN SYS_TIME"},
	{Name: "LAUNCH_CAP_DROP", Kind: KindList, Doc: "Capabilities to drop.", Example: "MKNOD"},
	{Name: "LAUNCH_SECURITY_OPT", Kind: KindList, Doc: "Security options; a seccomp profile is a file in foster's own container.", Example: "no-new-privileges:true apparmor=unconfined"},
	{Name: "LAUNCH_SYSCTLS", Kind: KindList, Doc: "Kernel parameters: `name=value`.", Example: "net.core.somaxconn=1024"},
	{Name: "LAUNCH_ULIMITS", Kind: KindList, Doc: "Limits: `name=limit` or `name=soft:hard`; -1 is no limit.", Example: "nofile=1024:2048 core=0"},
	{Name: "LAUNCH_PID_MODE", Kind: KindText, Doc: "PID namespace: `host` or `container:<name>`.", Example: "host"},
	{Name: "LAUNCH_CGROUP_PARENT", Kind: KindText, Doc: "Path of the parent cgroup (or the slice, with systemd).", Example: "/launched"},
	{Name: "LAUNCH_SHM_SIZE", Kind: KindSize, Doc: "Size of /dev/shm, with a unit.", Default: "64m, by the engine", Example: "256m"},
	{Name: "LAUNCH_MAC_ADDRESS", Kind: KindText, Doc: "MAC address on the child's first network.", Example: "02:42:ac:11:00:42"},
	{Name: "LAUNCH_STOP_GRACE_PERIOD", Kind: KindDuration, Doc: "Time between the stop signal and SIGKILL; the stack's own stop_grace_period must be longer.", Default: "10s, by the engine", Example: "30s"},

	{Name: "LAUNCH_ENVIRONMENTS", Kind: KindList, Doc: "Environment: `NAME=value`; `@_@` in a value is a space; `NAME` alone takes foster's own.", Example: `MODE=edge "REGION=US Chicago"`, Secret: true},
	{Name: "LAUNCH_ENVFILES", Kind: KindList, Doc: "Files with environment for the child, in foster's own container.", Example: "/run/secrets/child.env"},
	{Name: "LAUNCH_LABELS", Kind: KindList, Doc: "Labels: `name=value`.", Example: "team=ci tier=edge"},
	{Name: "LAUNCH_VOLUMES", Kind: KindList, Doc: "Volumes: `/host/path:/path[:ro]`, or `name:/path` for a volume of the project.", Example: "/var/run/docker.sock:/var/run/docker.sock data:/var/lib/data:ro"},
	{Name: "LAUNCH_EXTRA_HOSTS", Kind: KindList, Doc: "Lines for /etc/hosts: `name:address`; the address may be `host-gateway`.", Example: "db:10.0.0.5 host:host-gateway"},
	{Name: "LAUNCH_DNS", Kind: KindList, Doc: "Addresses of DNS servers.", Example: "10.0.0.2 1.1.1.1"},
	{Name: "LAUNCH_DNS_SEARCH", Kind: KindList, Doc: "DNS search domains.", Example: "example.org"},

	{Name: "LAUNCH_SERVICES", Kind: KindList, Doc: "Images that run beside the child, started before it; it reaches each by the names that the image gives: `tutum/wordpress:latest` is `tutum__wordpress` and `tutum-wordpress`.", Example: "postgres:16 registry.example.org:4999/tutum/wordpress"},

	{Name: "LAUNCH_HOST_NETWORK", Kind: KindBool, Doc: "Use the host's network; all other network settings are then ignored.", Default: "false", Example: "true"},
	{Name: "LAUNCH_NETWORK_MODE", Kind: KindText, Doc: "`task` (foster's own network namespace), `host`, `none`, `bridge` or `container:<name>`; all below are then ignored.", Example: "none"},
	{Name: "LAUNCH_PORTS", Kind: KindList, Doc: "Published ports: `[ip:][host:]child[/udp]`, ranges too.", Example: "8080:80 127.0.0.1:5353:53/udp"},
	{Name: "LAUNCH_NETWORKS", Kind: KindList, Doc: "Networks to create with the child and remove with it (bridge, attachable), named `<project>_<name>`.", Example: "front back"},
	{Name: "LAUNCH_EXT_NETWORKS", Kind: KindList, Doc: "Existing attachable networks.", Example: "traefik-web"},
	{Name: "LAUNCH_EXT_NETWORKS_IPV4", Kind: KindList, Doc: "Existing networks with a fixed IPv4 address: `network:ipv4`.", Example: "front:10.5.0.10"},
	{Name: "LAUNCH_EXT_NETWORKS_IPV6", Kind: KindList, Doc: "Existing networks with a fixed IPv6 address: `network-ipv6`.", Example: "front-fd00::10"},
	{Name: "LAUNCH_EXT_NETWORKS_MIXED", Kind: KindList, Doc: "Existing networks with both: `network-ipv4-ipv6`.", Example: "front-10.5.0.10-fd00::10"},

	{Name: "LAUNCH_ARG_ENVFILE", Kind: KindPath, Doc: "File with variables for `${…}` in the values; the environment wins over it.", Example: "/run/secrets/launch.env"},
	{Name: "LOGIN_USER", Kind: KindText, Doc: "User at the registry.", Example: "ci"},
	{Name: "LOGIN_PASSWORD", Kind: KindText, Doc: "Password at the registry; better as a file.", Example: "hunter2", Secret: true},
	{Name: "LOGIN_PASSWORD_FILE", Kind: KindPath, Doc: "File with the password; wins over LOGIN_PASSWORD.", Example: "/run/secrets/registry-password"},
	{Name: "LOGIN_REGISTRY", Kind: KindText, Doc: "Registry, with its port, that the login is for.", Default: "Docker Hub", Example: "registry.example.org:5000"},
	{Name: "DOCKER_AUTH_CONFIG", Kind: KindText, Doc: "A config.json of the Docker CLI as text, asked before LOGIN_*.", Example: `{"auths":{"registry.example.org":{"auth":"dTpw"}}}`, Secret: true},
}
