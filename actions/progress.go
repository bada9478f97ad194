package actions

import (
	"time"

	"github.com/docker/docker/pkg/jsonmessage"
	"github.com/docker/go-units"
	"github.com/rs/zerolog"
)

// progressEvery is the least time between two lines on one pull.
const progressEvery = 5 * time.Second

// pullProgress turns hundreds of messages into a line now and then.
type pullProgress struct {
	log    zerolog.Logger
	level  zerolog.Level
	last   time.Time
	layers map[string]layer
}

type layer struct {
	done        bool
	bytes, size int64
}

func newPullProgress(log zerolog.Logger, level zerolog.Level) *pullProgress {
	return &pullProgress{log: log, level: level, last: time.Now(), layers: map[string]layer{}}
}

func (p *pullProgress) note(m jsonmessage.JSONMessage) {
	l := p.layers[m.ID]
	switch m.Status {
	case "Pulling fs layer", "Waiting", "Download complete", "Verifying Checksum", "Extracting":
	case "Downloading":
		if m.Progress != nil {
			l.bytes, l.size = m.Progress.Current, max(l.size, m.Progress.Total)
		}
	case "Pull complete", "Already exists":
		l.done, l.bytes = true, l.size
	default:
		return // on the image as a whole
	}
	p.layers[m.ID] = l
	if now := time.Now(); now.Sub(p.last) >= progressEvery {
		p.last = now
		p.tell()
	}
}

func (p *pullProgress) tell() {
	done := 0
	var bytes, size int64
	for _, l := range p.layers {
		if l.done {
			done++
		}
		bytes, size = bytes+l.bytes, size+l.size
	}
	p.log.WithLevel(p.level).Int("layers", len(p.layers)).Int("layers_done", done).
		Str("fetched", units.HumanSize(float64(bytes))).Str("of", units.HumanSize(float64(size))).Msg("pulling")
}
