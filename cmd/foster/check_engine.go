package main

import (
	"context"

	"github.com/docker/docker/api/types/swarm"
)

// checkSwarm looks at the node's part in a swarm.
func checkSwarm(_ context.Context, s *survey) []finding {
	if s.info == nil {
		return nil
	}
	var found []finding
	state := s.info.Swarm.LocalNodeState
	switch {
	case s.manager():
		found = append(found, ok("swarm", "this node is a manager"))
	case s.worker():
		found = append(found, ok("swarm", "this node is a worker"))
	case state == swarm.LocalNodeStateInactive || state == "":
		found = append(found, ok("swarm", "this node is in none"))
	default:
		f := note("swarm", "this node is not in order: %s", state)
		if s.info.Swarm.Error != "" {
			f.Text += ": " + s.info.Swarm.Error
		}
		found = append(found, f.mend("see docker info, and docker node ls on a manager"))
	}
	for _, n := range s.project.Networks {
		if !n.External && n.Options.Driver == "overlay" && !s.manager() {
			found = append(found, problem("network "+n.Name, "is an overlay to be created, which only a manager can").
				mend("create it on a manager with docker network create --driver overlay --attachable, and declare it external"))
		}
	}
	return found
}

// checkPlace says where foster runs, and what the children need of that.
func checkPlace(_ context.Context, s *survey) []finding {
	var found []finding
	switch {
	case s.self.TaskName != "":
		found = append(found, ok("foster", "is Swarm task %s", s.self.TaskName))
	case s.self.ContainerID != "":
		found = append(found, ok("foster", "is container %s, not a Swarm task", s.self.ContainerName))
	default:
		found = append(found, ok("foster", "runs outside any container of this engine"))
	}
	for _, c := range s.project.Children {
		if c.SharesParent && s.self.ContainerID == "" && s.settings.Parent == "" {
			found = append(found, problem("child "+c.Name, "shares foster's network namespace (LAUNCH_NETWORK_MODE=task), but foster runs in no container").
				mend("run it as a task, or set FOSTER_PARENT"))
		}
	}
	return found
}
