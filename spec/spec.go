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

	After   []string // children that must run first
	BoundTo []string // children whose container this one shares something of

	// Hash covers all that the container is made from, but not Pull and After
	// and not the labels of the run: two equal hashes mean the same container.
	// It is also the label foster.spec-hash.
	Hash string
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
)
