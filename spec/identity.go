package spec

// Identity is what one run of foster knows of its own place: the container it
// runs in, or follows, and the Swarm task behind it. Every field may be "".
type Identity struct {
	ContainerID   string // of the parent
	ContainerName string
	TaskID        string
	TaskName      string // svc.slot.taskid, or svc.nodeid.taskid for global services
	ServiceName   string
	NodeID        string
	Namespace     string // of the stack
}

// The labels on everything that foster creates, beside those of Compose.
const (
	LabelProject  = "foster.project"
	LabelChild    = "foster.child"
	LabelParent   = "foster.parent"
	LabelTask     = "foster.task"
	LabelService  = "foster.service"
	LabelNode     = "foster.node"
	LabelSpecHash = "foster.spec-hash"
	LabelVersion  = "foster.version"
)

// The label by which swarm-launcher's children are found; ours carry it too.
const (
	LabelStartedBy = "ai.ix.started-by"
	StartedBy      = "ix.ai/swarm-launcher"
)
