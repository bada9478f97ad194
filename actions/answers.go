package actions

import (
	"regexp"
	"slices"

	"foster/state"
)

// answer is one thing that engines say in words only.
type answer struct {
	verbs []Verb // nil: any
	text  *regexp.Regexp
	class state.Class
	hint  string
	again bool   // may be over within seconds: retry inside
	seen  string // the engine that said it
}

func (a answer) means(v Verb, text string) bool {
	return (a.verbs == nil || slices.Contains(a.verbs, v)) && a.text.MatchString(text)
}

const (
	hintLogin   = "check user and password; a registry that hides private images says the same of a misspelt name"
	hintNoLogin = "there are no credentials for this registry: set LOGIN_USER and LOGIN_PASSWORD, with LOGIN_REGISTRY, or DOCKER_AUTH_CONFIG, " +
		"with its full host:port; a registry that hides private images says the same of a misspelt name"
	hintLimited    = "the registry limits pulls; log in for a higher limit"
	hintDigest     = "digest mismatch: what the registry serves is not what the digest names; the registry, or a cache before it, is at fault"
	hintAttachable = "create it with --attachable"
	hintManager    = "a manager of the swarm cannot be reached"
	hintEnding     = "the engine is shutting down"
	hintOwner      = "the container whose namespace or volumes it shares is not there, or does not run"
	hintPort       = "its last user may be about to end; else change LAUNCH_PORTS"
	hintAddress    = "another container holds the address"
	hintTwins      = "two networks have this name: remove one by its ID, see docker network ls"
)

var (
	forJoin         = []Verb{VerbCreate, VerbStart, VerbConnect}
	forPull         = []Verb{VerbPull}
	forCreate       = []Verb{VerbCreate}
	forStart        = []Verb{VerbStart}
	forCopy         = []Verb{VerbCopy}
	forCreateStart  = []Verb{VerbCreate, VerbStart}
	forStartConnect = []Verb{VerbStart, VerbConnect}
)

// answers are tried in order; the first that fits counts. The words were heard
// from the engine version in seen, or, where that says "read", found in its source.
var answers = []answer{
	// An engine on its way down has closed its books before it closes its door.
	{text: regexp.MustCompile(`database not open`), class: state.Transient, hint: hintEnding, again: true, seen: "20.10.24"},

	// Images, at create.
	{verbs: forCreate, text: regexp.MustCompile(`(?i)no such image`), class: state.NoImage, seen: "20.10.24"},
	{verbs: forCreate, text: regexp.MustCompile(`does not match the (specified|detected host) platform|was found but does not (provide|match) the specified platform`), class: state.NoImage, seen: "23.0 read"},

	// What the client itself refuses for an engine as old as this one.
	{verbs: forCreate, text: regexp.MustCompile(`requires API v`), class: state.Permanent, hint: "take the attribute away, or use a newer engine: foster check says which", seen: "28.5 read"},

	// A mistake that 20.10 answers with 500.
	{verbs: forCreate, text: regexp.MustCompile(`invalid volume specification|invalid mount config`), class: state.Permanent, hint: "check LAUNCH_VOLUMES", seen: "20.10.24"},

	// Networks, whoever needs them.
	{text: regexp.MustCompile(`\d+ matches found (based )?on name`), class: state.Transient, hint: hintTwins, seen: "20.10.24"},
	{verbs: forJoin, text: regexp.MustCompile(`not manually attachable`), class: state.Permanent, hint: hintAttachable, seen: "20.10.24"},
	{verbs: forJoin, text: regexp.MustCompile(`invalid cluster node while attaching`), class: state.Transient, hint: "the engine is not (yet) part of its swarm", again: true, seen: "20.10 read"},
	{verbs: forJoin, text: regexp.MustCompile(`network \S+ not found|network ID not found|could not find a network matching`), class: state.NoNetwork, seen: "20.10.24"},
	{verbs: forJoin, text: regexp.MustCompile(`(?i)could not attach to network|attaching to network failed`), class: state.Transient, hint: hintManager, seen: "20.10.24"},

	// What it shares with another container, which is not there or does not run:
	// found anew at the next create. A start says "not running" of others only.
	{verbs: forStart, text: regexp.MustCompile(`non-shareable IPC`), class: state.Permanent, hint: "start the container whose IPC it shares with ipc: shareable", seen: "20.10.24"},
	{verbs: forCreate, text: regexp.MustCompile(`(?i)no such container`), class: state.Transient, hint: hintOwner, seen: "20.10.24"},
	{verbs: forStart, text: regexp.MustCompile(`(?i)(cannot|can't|failed to) join \S+ |joining \S+ namespace of container|/proc/\d+/ns/|is not running|is restarting`), class: state.Transient, hint: hintOwner, seen: "20.10.24"},

	// Files on their way into a container.
	{verbs: forCopy, text: regexp.MustCompile(`marked read-only|read-only file system`), class: state.Permanent, hint: "secrets and configs need a file system that can be written: drop read_only, or mount them", seen: "20.10.24"},
	{verbs: forCopy, text: regexp.MustCompile(`cannot overwrite (non-)?directory|not a directory`), class: state.Permanent, hint: "the target of a secret or config is a directory, or lies below a file", seen: "20.10.24"},

	// Attachments that are there already, containers that are not.
	{verbs: forStartConnect, text: regexp.MustCompile(`is marked for removal|is not running`), class: state.Gone, seen: "20.10 read"},
	{verbs: []Verb{VerbConnect}, text: regexp.MustCompile(`already exists in network|is already attached to network`), class: state.Exists, seen: "20.10.24"},
	{verbs: forCreateStart, text: regexp.MustCompile(`already exists in network`), class: state.Transient, hint: "the network holds an endpoint of that name for a container that is gone: docker network disconnect -f", seen: "20.10.24"},

	// Addresses and ports. Engines answer 403 to some of these, which is no
	// refusal of the configuration: the holder may be the predecessor.
	{verbs: forJoin, text: regexp.MustCompile(`port is already allocated|(?i)bind: address already in use|bind host port|ports are not available`), class: state.Transient, hint: hintPort, seen: "20.10.24"},
	{verbs: forJoin, text: regexp.MustCompile(`(?i)address already in use`), class: state.Transient, hint: hintAddress, seen: "20.10.24"},
	{verbs: []Verb{VerbNetworkCreate}, text: regexp.MustCompile(`non-overlapping IPv4 address pool|all predefined address pools have been fully subnetted|overlaps with other one on this address space`), class: state.Transient, hint: "remove unused networks with docker network prune, or give the engine more default-address-pools", seen: "20.10 read"},

	// Devices: unplugged today, there tomorrow.
	{verbs: forJoin, text: regexp.MustCompile(`error gathering device information`), class: state.Transient, hint: "plug the device in, or mend LAUNCH_DEVICES", seen: "20.10.24"},

	// Stop and remove.
	{verbs: []Verb{VerbStop}, text: regexp.MustCompile(`is not running`), class: state.OK, seen: "20.10 read"},
	{verbs: []Verb{VerbRemove}, text: regexp.MustCompile(`removal of container \S+ is already in progress`), class: state.Exists, seen: "20.10 read"},
	{verbs: []Verb{VerbRemove}, text: regexp.MustCompile(`cannot remove a running container|container is running`), class: state.Transient, hint: "it runs", seen: "20.10.24"},
	{verbs: []Verb{VerbDisconnect}, text: regexp.MustCompile(`is not connected to network|endpoint \S+ not found`), class: state.OK, seen: "20.10.24"},
	{verbs: []Verb{VerbNetworkRemove}, text: regexp.MustCompile(`has active endpoints|is in use by (task|service)`), class: state.Transient, seen: "20.10.24"},
	{verbs: []Verb{VerbNetworkCreate}, text: regexp.MustCompile(`network with name \S+ already exists`), class: state.Exists, seen: "20.10.24"},

	// Registries. The engine passes their refusals on as 500, or as 200 with an
	// error in the stream. A limit comes first: some registries word it as a
	// denial. A name may hold any of the other words, so that they are looked
	// for where a registry's code stands.
	{verbs: forPull, text: limited, class: state.Transient, hint: hintLimited, seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`(?i)no basic auth credentials|\bunauthorized\b|access denied|is denied|(: |^)denied(:|$)|authentication required|incorrect username or password|insufficient_scope|HTTP 40[13] response body|: 40[13] (unauthorized|forbidden)`), class: state.Permanent, hint: hintLogin, seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`verification failed for digest|unexpected commit digest|failed to verify digest|digest mismatch`), class: state.Permanent, hint: hintDigest, seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`(?i)name unknown|repository .*not found|repository name not known`), class: state.Permanent, hint: "the registry has no such repository: check the name of the image (LAUNCH_IMAGE, or the service's image)", seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`(?i)manifest unknown|manifest for .* not found`), class: state.Permanent, hint: "the registry has no such tag or digest, or no such repository: check the image's tag (LAUNCH_IMAGE, or the service's image)", seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`no matching manifest for`), class: state.Permanent, hint: "the image is not made for this platform", seen: "20.10 read"},
	{verbs: forPull, text: regexp.MustCompile(`invalid reference format`), class: state.Permanent, hint: "check LAUNCH_IMAGE, or the service's image", seen: "20.10 read"},
	{verbs: forPull, text: regexp.MustCompile(`server gave HTTP response to HTTPS client`), class: state.Permanent, hint: "list the registry in the engine's insecure-registries", seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`x509: `), class: state.Permanent, hint: "the engine does not trust the registry's certificate: give it the registry's CA in /etc/docker/certs.d", seen: "20.10 read"},
	{verbs: forPull, text: regexp.MustCompile(`(?i)no such host|\blookup \S+ on \S+:|server misbehaving|name resolution`), class: state.Transient, hint: "this node cannot resolve the registry's name: check it in the image, and the node's DNS", seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`Client\.Timeout exceeded|TLS handshake timeout|i/o timeout|context deadline exceeded|timeout awaiting`), class: state.Transient, hint: "the registry does not answer this node in time: is it overloaded, is there a firewall?", seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`connection refused|no route to host|network is unreachable|connection reset|": EOF$`), class: state.Transient, hint: "this node cannot reach the registry: is it up, is its port right?", seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`(?i)(status:?|status code:?|:) 5\d\d `), class: state.Transient, hint: "the registry itself is in trouble", seen: "20.10.24"},
	{verbs: forPull, text: regexp.MustCompile(`no space left on device`), class: state.Transient, hint: "make room on the engine's disk, as with docker system prune", seen: "20.10 read"},
}
