package main

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

const chain = `
services:
  db: {image: "app:1", stop_grace_period: 40s}
  cache: {image: "app:1"}
  app: {image: "app:1", stop_grace_period: 20s, depends_on: [db, cache]}
  side: {image: "app:1", network_mode: "service:app"}
`

func TestCheckGrace(t *testing.T) {
	const takes = "the children may take 1m10s (side 10s, then app 20s, then db 40s)"
	s := newSurveyed(t, "")
	checked{s: s, document: chain}.finds(t, "ok      stop grace "+takes+": whoever ends foster has to wait 1m13s")
	checked{s: s, document: chain, settings: []string{"FOSTER_STOP_GRACE=2m"}}.finds(t,
		"ok      stop grace of foster is 2m0s (FOSTER_STOP_GRACE), and "+takes)
	checked{s: s, document: chain, settings: []string{"FOSTER_STOP_GRACE=30s"}}.finds(t,
		"problem stop grace of foster is 30s (FOSTER_STOP_GRACE), less 3s for itself, but "+takes+": before SIGKILL they get 3s, then 7s, then 15s; set the stack's stop_grace_period to 1m13s or more")

	// In a task: known on a manager only.
	info := s.inside(t, map[string]string{"com.docker.swarm.service.name": "ci_web"})
	checked{s: s, mountinfo: info, document: chain}.finds(t,
		"note    stop grace of foster is not known here, and "+takes+"; set the stack's stop_grace_period to 1m13s or more, and tell it with FOSTER_STOP_GRACE")
	checked{s: s, mountinfo: info, document: plainDocument}.finds(t, "ok      stop grace of foster is taken for 10s, and the child has 7s of it")
	s.grace = &swarm.Service{Spec: swarm.ServiceSpec{TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{}}}}
	checked{s: s, mountinfo: info, document: plainDocument}.finds(t, "ok      stop grace of foster is 10s (the service's stop_grace_period), and the child has 7s of it")
	checked{s: s, mountinfo: info, document: "services: {a: {image: 'app:1'}, b: {image: 'app:1', depends_on: [a]}}\n"}.finds(t,
		"note    stop grace of foster is 10s (the service's stop_grace_period), less 3s for itself, but the children may take 20s (b 10s, then a 10s): before SIGKILL they get 3s, then 3s")
	minute := 80 * time.Second
	s.grace.Spec.TaskTemplate.ContainerSpec.StopGracePeriod = &minute
	checked{s: s, mountinfo: info, document: chain}.finds(t, "ok      stop grace of foster is 1m20s (the service's stop_grace_period), and "+takes)

	// In a container that is no task.
	s = newSurveyed(t, "")
	info = s.inside(t, nil)
	twenty := 20
	s.stops = &twenty
	checked{s: s, mountinfo: info, document: chain}.finds(t,
		"problem stop grace of foster is 20s (its container's --stop-timeout), less 3s for itself, but "+takes+": before SIGKILL they get 2s, then 4s, then 9s; run foster with --stop-timeout 73 or more")
}
