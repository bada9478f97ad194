package relay

import (
	"fmt"
	"sync"
	"time"
)

// ForeignEvent is the i-th event of a flood that began at a time: a container of
// somebody else's is made, begins, ends and goes, on a busy engine. What it says
// is the same at each call.
func ForeignEvent(i int, begin time.Time, perSecond int) []byte {
	action := [...]string{"create", "start", "die", "destroy"}[i%4]
	code := ""
	if action == "die" {
		code = `,"exitCode":"0","execDuration":"3"`
	}
	t := begin.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
	id := fmt.Sprintf("%064x", uint64(i/4)*0x9e3779b97f4a7c15)
	name := fmt.Sprintf("build-%d", i/4)
	return fmt.Appendf(nil, `{"status":"%s","id":"%s","from":"registry.example/ci/runner:7","Type":"container","Action":"%s","Actor":{"ID":"%s","Attributes":{`+
		`"com.docker.compose.config-hash":"%s","com.docker.compose.container-number":"1","com.docker.compose.oneoff":"False","com.docker.compose.project":"ci",`+
		`"com.docker.compose.service":"runner"%s,"image":"registry.example/ci/runner:7","name":"%s"}},"scope":"local","time":%d,"timeNano":%d}`+"\n",
		action, id, action, id, id, code, name, t.Unix(), t.UnixNano())
}

// Flood is a flow of foreign events into all open streams.
type Flood struct {
	Begin     time.Time
	PerSecond int

	stop  chan struct{}
	ended chan struct{}
	once  sync.Once

	mu     sync.Mutex
	sent   int // events that went to at least one stream
	bytes  int64
	behind time.Duration
}

// Flood begins one, until its Stop or the relay's end. Like an engine's, it does
// not wait for a stream to open: events of that time are lost.
func (r *Relay) Flood(perSecond int) *Flood {
	f := &Flood{Begin: time.Now(), PerSecond: perSecond, stop: make(chan struct{}), ended: make(chan struct{})}
	if !r.begin() {
		close(f.ended)
		return f
	}
	go func() {
		defer r.running.Done()
		defer close(f.ended)
		f.run(r)
	}()
	return f
}

// flowInterval is how often the events that are due are sent.
const flowInterval = 2 * time.Millisecond

func (f *Flood) run(r *Relay) {
	times := 0 // of the schedule, sent or not
	tick := time.NewTicker(flowInterval)
	defer tick.Stop()
	for {
		select {
		case <-f.stop:
			return
		case <-r.ctx.Done():
			return
		case <-tick.C:
		}
		due := int(time.Since(f.Begin) * time.Duration(f.PerSecond) / time.Second)
		for ; times < due; times++ {
			line := ForeignEvent(times, f.Begin, f.PerSecond)
			if r.InjectEvents(line) == 0 {
				continue
			}
			late := time.Since(f.Begin) - f.stamp(times)
			f.mu.Lock()
			f.sent++
			f.bytes += int64(len(line))
			f.behind = max(f.behind, late)
			f.mu.Unlock()
		}
	}
}

// stamp is when the i-th event happens, after Begin.
func (f *Flood) stamp(i int) time.Duration {
	return time.Duration(i) * time.Second / time.Duration(f.PerSecond)
}

// Stop ends the flood, and says how many events and bytes were sent.
func (f *Flood) Stop() (events int, bytes int64) {
	f.once.Do(func() { close(f.stop) })
	<-f.ended
	return f.Sent()
}

// Behind is the longest from an event's stamp until its readers had room for it:
// because one of them was slow, or this machine.
func (f *Flood) Behind() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.behind
}

// Sent is how much was sent so far.
func (f *Flood) Sent() (events int, bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent, f.bytes
}
