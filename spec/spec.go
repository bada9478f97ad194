package spec

import (
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Project is everything that one foster keeps alive, ready for the engine.
type Project struct {
	Name     string
	Children []Child   // sorted by Name
	Networks []Network // sorted by Key
	Volumes  []Volume  // sorted by Key; named volumes only
}

// Child is one wanted container.
type Child struct {
	Name          string // the Compose service's
	ContainerName string
	Image         string
	Pull          PullPolicy
	PullEvery     time.Duration     // with PullRefresh: how old the image may be
	Platform      *ocispec.Platform // nil: the engine's own

	// Config and Host are what ContainerCreate gets, complete but for what
	// only the run knows: labels of the parent (see Stamp), LabelComposeImage,
	// and, with SharesParent, "container:<the parent's ID>" in Host.NetworkMode,
	// which is "" until then.
	//
	// Config.MacAddress and the MacAddress of the first endpoint are the same:
	// below API 1.44 the engine goes by the former, and the latter must be cleared
	// for the call (the client refuses it); from 1.44 on the former must be
	// cleared, and NetworkConnect of engines before 1.54 ignores the latter.
	//
	// A namespace or volumes of another child are written with that one's name
	// (container:<ContainerName>); see BoundTo.
	Config *container.Config
	Host   *container.HostConfig
	// Endpoints are the attachments in order of connection: the first is the
	// one that Host.NetworkMode names. Empty for host, none and container modes
	// and with SharesParent. Mode bridge has one, without aliases.
	Endpoints []Endpoint
	// SharesParent: the child lives in the network namespace of foster's own
	// container (LAUNCH_NETWORK_MODE=task).
	SharesParent bool

	StopSignal string        // as configured, "" for the image's
	Grace      time.Duration // between stop signal and SIGKILL; the engine's 10 s unless set
	GraceSet   bool          // it was configured

	After   []Dependency // sorted by Name
	BoundTo []Bond       // sorted by Name; the project's own first

	// Files are put into the container between create and start: secrets and
	// configs, sorted by Path.
	Files []File

	// PostStart are run in order in the container that has just been started;
	// PreStop before it is asked to stop.
	PostStart []Hook `json:",omitempty"`
	PreStop   []Hook `json:",omitempty"`

	Restart     RestartPolicy // the service's own, RestartInherit when it states none
	MaxAttempts int           // of on-failure:N; 0 for no bound of its own
	OneShot     bool          // another service waits for its successful end
	Probed      bool          // dependents wait for its first exposed port

	// Hash covers all that the container is made from, the content of its files
	// too, but not when it is pulled, started or restarted
	// and not the labels of the run: two equal hashes mean the same container.
	// It is also the label foster.spec-hash.
	Hash string
}

// Dependency is a service that must have come so far before the child is created.
type Dependency struct {
	Name      string
	Condition Condition
	Optional  bool // required: false: its failure is no obstacle
}

// Condition is what a dependency must have reached.
type Condition int

// The conditions of depends_on, and that of services that are waited for until
// their first exposed port takes connections.
const (
	ConditionStarted Condition = iota
	ConditionHealthy
	ConditionCompleted
	ConditionReady
)

// Bond ties the child to a container that it is made against, or is to be made
// again after.
type Bond struct {
	Name    string // of a service; of a container (name or ID) when Outside
	Outside bool   // container:x
	Run     bool   // it ends with the other's run: namespaces, restart: true; not volumes_from
	// Namespace: it lives in a namespace of the other's, and not without it.
	Namespace bool
}

// RestartPolicy is what a service says of its own ends.
type RestartPolicy int

const (
	// RestartInherit: nothing; FOSTER_RESTART decides.
	RestartInherit RestartPolicy = iota
	// RestartAlways: always and unless-stopped.
	RestartAlways
	// RestartOnFailure: exit code 0 is the end of its work.
	RestartOnFailure
	// RestartNever: "no", written out: whatever its end, it is not started again.
	RestartNever
)

// File is one secret or config as it is put into the container. Content must
// not be shown.
type File struct {
	Path     string // absolute, in the container
	Content  []byte `json:"-"`
	UID, GID int
	Mode     int64  // permission bits; 0444 unless set
	Sum      string // hex SHA-256 of Content, for the Hash
}

// Endpoint is one attachment as ContainerCreate and NetworkConnect take it.
type Endpoint struct {
	Network  string // engine name
	Settings *network.EndpointSettings
}

// Network is one network that children attach to.
type Network struct {
	Key      string // in the compose document
	Name     string // on the engine
	External bool
	Options  network.CreateOptions // for NetworkCreate, when not External
}

// Volume is one named volume.
type Volume struct {
	Key      string
	Name     string
	External bool
	Options  volume.CreateOptions
}

// PullPolicy says when the registry is asked for a child's image.
type PullPolicy int

const (
	// PullMissing asks only for an image that the engine does not have.
	PullMissing PullPolicy = iota
	// PullAlways asks at every launch.
	PullAlways
	// PullNever never asks.
	PullNever
	// PullRefresh asks for an image that was last pulled longer ago than
	// Child.PullEvery.
	PullRefresh
)
