package state

import (
	"slices"
	"time"
)

// State is all that the core remembers. It is plain data: Step copies it,
// never shares it, and two equal States behave equally.
type State struct {
	Config   Config
	Stage    Stage
	Kill     bool   // the second signal came: no grace any more
	Exit     int    // the code to quit with
	Reason   string // why the project is being closed
	Elder    string // whose end is waited for, as last told
	Ops      int    // the last op number handed out
	Look     int    // op of the pending look at the whole project, 0 when none
	LookTry  int    // failed whole looks in a row
	Again    bool   // look at the whole project once more after this one
	Checked  bool   // the look that precedes Quit was asked for
	StreamUp bool   // events arrive
	Met      bool   // the engine answered at least once
	Owned    bool   // a look has said that the project is this foster's
	ParentUp bool
	// ParentStart is when the parent was started, as of the last whole look.
	ParentStart time.Time
	Children    []Child   // in the order of Config.Children
	Networks    []Network // in the order of Config.Networks
	Owners      []Owner   // sorted by Name; of the outside bonds
	Volumes     []Volume  // left by former containers, to be removed
}

// Stage is where the project as a whole stands.
type Stage int

const (
	// Opening: nothing is done before the first look at the whole project.
	Opening Stage = iota
	// Standby: another foster has the project; nothing is done before its end.
	Standby
	// Up: every child is to be whole.
	Up
	// Away: the followed parent is down; everything is taken down until it is back.
	Away
	// Closing: everything is taken down for good.
	Closing
	// Closed: Quit has been given.
	Closed
)

// Child is one child's present facts.
type Child struct {
	Name  string
	Phase Phase
	ID    string // its container, "" when there is none
	Op    int    // pending lifecycle op, 0 when none
	Look  int    // pending look at this child alone
	// Touched is the op number after which a look must have been asked for
	// to tell something about the present container.
	Touched int
	Extra   []string // further containers of this child, to be removed first

	Prepared  bool // image and volumes were present in this run
	Pulled    bool // the registry was asked as the policy says
	Whole     bool // as of the last event
	Seen      bool // a look saw the present container run
	Launched  bool // was whole once in this run
	Hold      bool // a RetryTimer must fire before the next try
	Finished  bool // its work is done; it is not started again
	Ready     bool // its first exposed port takes connections
	Probing   int  // pending Probe
	Settled   bool // somebody's stop has had its time to become a restart
	Signalled bool // somebody sent its stop signal
	Died      bool // it died while Start was pending
	Over      bool // the end of the present container's run is recorded
	OOM       bool
	OOMTold   bool // of the present container's run
	Paused    bool
	Stopped   bool // our Stop was tried on this container
	NoNet     bool // it waits because a network was not there
	Excused   bool // the next create is no try after a failure of its own
	NoWait    bool // the next create does not wait, whatever Attempt says
	Canceled  bool // the pending op was given up
	Health    Health
	Drop      string   // why the present container must go, "" when it may stay
	Code      int      // last exit code
	Judged    int      // as Touched, of what a look says of its health
	Probe     string   // what the last probe of the present run said when it was unhealthy
	Attempt   int      // creates since the last stable run
	Runs      int      // runs since then, the present one too
	Tries     int      // failed stops, removes and looks in a row
	Holder    string   // who else holds its place, or a part of it, as last told
	Volumes   []string // anonymous ones of the present container
	Bound     []string
	// Bound are the container IDs of the owners that the present container
	// was created against, in the order of ChildConfig.BoundTo ("" for outside
	// ones); nil while nobody knows, as with an adopted one.
	// Met are the stamps of those owners, outside ones too, when the order for
	// the present container or run was given; MetParent is the parent's.
	Met       []time.Time
	MetParent time.Time
	Created   time.Time   // of the present container, as the last look says
	StartedAt time.Time   // of the present run, as the last look says; zero before
	Awaits    string      // what its next create waits for, as last told
	Recent    []time.Time // recoveries within the policy's window
	Failing   []Series    // what has not worked since it failed: an order, "look"
	Fault     Fault
	Nets      []Attachment // in the order of ChildConfig.Networks
}

// Fault is what a recovery recovers from; the zero value is none.
type Fault struct {
	Cause    string
	At       time.Time
	Attempts int  // creates and attaches tried for it
	Made     bool // a container was created for it
	Joined   bool // a network was attached for it
	// Last and Code are what of it was told last, a Relapse too.
	Last string
	Code int
}

// Attachment is a child's endpoint on one network.
type Attachment struct {
	Network string
	State   AttachState
	Op      int    // pending Attach
	Touched int    // as a child's: when the last Attach was over
	Attempt int    // failed attaches in a row
	Failed  int    // those that were told, since it was last attached
	Again   bool   // lost again, or its holder's end, while an answer was pending
	Holder  string // who else has its address, as last told
}

// Network is one network's present facts.
type Network struct {
	Name     string
	ID       string // of the one that was last made or found, to know the word of it
	External bool
	State    NetState
	Op       int
	Attempt  int      // failed creates in a row
	Failing  []Series // which of its orders has not worked since it failed
	Left     bool     // it could not be removed, and that is given up
	Hold     bool     // a NetworkTimer must fire before the next try
	// Doubt: absent, as far as is known, but an order that failed may have made
	// it, or a former foster; the stop of the project makes sure.
	Doubt   bool
	Holder  string // who else has its name, as last told
	Freed   bool   // its name was given up while an answer was pending
	Touched int    // as a child's
}

// Volume is one anonymous volume that is to go.
type Volume struct {
	Name    string
	Op      int
	Attempt int  // tries to remove it, in the present stage
	Failed  int  // those that failed, in all
	Hold    bool // a VolumeTimer must fire before the next try
}

// New is the State before the first event.
func New(c Config) State {
	s := State{Config: c, ParentUp: !c.FollowParent}
	for _, cc := range c.Children {
		ch := Child{Name: cc.Name}
		for _, n := range cc.Networks {
			ch.Nets = append(ch.Nets, Attachment{Network: n})
		}
		s.Children = append(s.Children, ch)
	}
	s.Owners = ownersOf(c)
	for _, n := range c.Networks {
		s.Networks = append(s.Networks, Network{Name: n.Name, External: n.External})
	}
	return s
}

func (s State) clone() State {
	s.Children = slices.Clone(s.Children)
	for i := range s.Children {
		c := &s.Children[i]
		c.Extra, c.Bound = slices.Clone(c.Extra), slices.Clone(c.Bound)
		c.Recent, c.Nets = slices.Clone(c.Recent), slices.Clone(c.Nets)
		c.Volumes, c.Met = slices.Clone(c.Volumes), slices.Clone(c.Met)
		c.Failing = slices.Clone(c.Failing)
	}
	s.Networks = slices.Clone(s.Networks)
	for i := range s.Networks {
		s.Networks[i].Failing = slices.Clone(s.Networks[i].Failing)
	}
	s.Owners, s.Volumes = slices.Clone(s.Owners), slices.Clone(s.Volumes)
	return s
}

// Child returns the child of that name, false when there is none.
func (s *State) Child(name string) (*Child, bool) {
	for i := range s.Children {
		if s.Children[i].Name == name {
			return &s.Children[i], true
		}
	}
	return nil, false
}

func (s *State) config(name string) ChildConfig {
	for _, c := range s.Config.Children {
		if c.Name == name {
			return c
		}
	}
	return ChildConfig{}
}

func (s *State) byID(id string) (*Child, bool) {
	for i := range s.Children {
		if id != "" && s.Children[i].ID == id {
			return &s.Children[i], true
		}
	}
	return nil, false
}

func (s *State) network(name string) *Network {
	for i := range s.Networks {
		if s.Networks[i].Name == name {
			return &s.Networks[i]
		}
	}
	return nil
}

// faulty reports whether a recovery is under way.
func (f Fault) faulty() bool { return f.Cause != "" }
