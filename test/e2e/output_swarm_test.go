package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"foster/test/lab"
	"foster/test/relay"
)

// countedImage writes as numbersImage does, 5000 lines at once and some more a
// few at a time, and then no more.
const (
	countedImage  = "e2e/counted:1"
	countedLines  = 6000
	countedScript = `#!/bin/sh
trap 'exit 0' TERM
awk -v h=$HOSTNAME 'BEGIN { for (i = 1; i <= 5000; i++) { print h, "o", i; if (i % 100 == 0) print h, "e", i >"/dev/stderr" } }'
i=5000
while [ $i -lt 6000 ]; do
	i=$((i+1)); echo "$HOSTNAME o $i"
	[ $((i%100)) != 0 ] || echo "$HOSTNAME e $i" >&2
	[ $((i%10)) != 0 ] || usleep 20000
done
sleep 1000 &
wait
`
)

// TestServiceLogsOnce: what the engine has kept of each container of a child is
// in docker service logs once, and in order, through deaths and broken streams.
func TestServiceLogsOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t, "")
	if err := s.build(t.Context(), countedImage, map[string]string{
		"Dockerfile": "FROM " + lab.BusyboxImage + "\nCOPY counted /bin/counted\nENTRYPOINT [\"/bin/counted\"]\n", "counted": countedScript,
	}); err != nil {
		t.Fatal(err)
	}
	r := relay.New(t, s.Socket)
	const kills, breaks = 5, 2
	var streams, broken atomic.Int64
	r.Intercept(func(x relay.Exchange) relay.Action {
		// Every second stream breaks somewhere.
		if x.Point == relay.Before && x.Is("GET", "/containers/*/logs") && x.Query.Get("follow") == "1" && streams.Add(1)%2 == 0 && broken.Load() < breaks {
			broken.Add(1)
			return relay.Cut(1000 + rand.IntN(50000))
		}
		return relay.Pass()
	})
	s.deploy(strings.NewReplacer(childImage, countedImage, "/var/run/docker.sock:", strings.TrimPrefix(r.Host(), "unix://")+":").Replace(launcherStack(s, nil, nil)))
	task := s.awaitTask()
	k := &keeper{w: s.world, logs: map[string]string{}}
	t.Cleanup(func() {
		for _, kept := range k.logs {
			_, _ = s.Exec(context.Background(), "rm", "-f", kept) // at worst it stays on the node until that ends
		}
	})
	child := k.next()
	for range kills {
		pause(t, 2*stableAfter+time.Duration(rand.IntN(1000))*time.Millisecond)
		s.docker("kill", child.ID)
		child = k.next()
	}
	var logs map[string]string
	lab.Eventually(t, patience, "the last child's lines", func() error {
		logs = s.serviceLogs()
		for source, mark := range map[string]string{"stdout": "o", "stderr": "e"} {
			if last := fmt.Sprintf("%.12s %s %d\n", child.ID, mark, countedLines); !strings.Contains(logs[source], last) {
				return fmt.Errorf("there is no %q", last)
			}
		}
		return nil
	})
	s.sameTask(task)
	if got := broken.Load(); got < breaks {
		t.Errorf("%d streams were broken, want %d", got, breaks)
	}
	k.compare(logs)
	if strings.Contains(logs["stdout"], "may be lost") {
		t.Error("foster says that lines may be lost")
	}
	s.docker("service", "rm", s.service) // while there is a way to the engine
	s.taskEnded(task)
}

// serviceLogs is what docker service logs shows, by source.
func (s *stack) serviceLogs() map[string]string {
	s.t.Helper()
	stream, err := s.Client().ServiceLogs(s.t.Context(), s.service, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		s.t.Fatalf("read the log of %s: %v", s.service, err)
	}
	defer stream.Close()
	var out, errs bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &errs, stream); err != nil {
		s.t.Fatalf("read the log of %s: %v", s.service, err)
	}
	return map[string]string{"stdout": out.String(), "stderr": errs.String()}
}
