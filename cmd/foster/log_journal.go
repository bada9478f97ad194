package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/rs/zerolog"
)

// journalPatience is how long a line waits for a journal whose queue is full;
// recoveries wait with it.
const journalPatience = 50 * time.Millisecond

var errJournalBusy = errors.New("the journal takes nothing")

// sendFunc gives an entry to the journal: journal.Send, or a test.
type sendFunc func(message string, priority journal.Priority, fields map[string]string) error

// journalWriter sends each line to the journal as an entry with fields:
// MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, and FOSTER_ before the name of every
// other field. What the journal does not take goes to plain instead, so that no
// line is lost: all of it where no journal's socket is mounted.
type journalWriter struct {
	plain zerolog.LevelWriter
	send  sendFunc

	mu      sync.Mutex
	missed  int        // lines that went to plain, and that the journal was not told of
	busy    chan error // a send that has not returned yet; nil: none
	telling int        // how many of missed that send tells of
}

var _ zerolog.LevelWriter = (*journalWriter)(nil)

func (j *journalWriter) Write(line []byte) (int, error) { return j.WriteLevel(zerolog.NoLevel, line) }

func (j *journalWriter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.enter(level, line); err != nil {
		j.missed++
		return j.plain.WriteLevel(level, line)
	}
	if j.missed > 0 {
		j.back()
	}
	return len(line), nil
}

// back tells those who read the journal what they do not find there.
func (j *journalWriter) back() {
	var note bytes.Buffer
	log := zerolog.New(&note)
	log.Info().Int("lines", j.missed).Msg("the journal takes lines again: those it did not take went to standard output")
	switch err := j.enter(zerolog.InfoLevel, note.Bytes()); {
	case err == nil:
		j.missed = 0
	case j.busy != nil:
		j.telling = j.missed
	}
	// Else it has gone again, and the next line that it takes tells.
}

// enter sends a line and waits a little while for a journal that is slow. A
// send that takes longer may still come to its end: then the line is in both
// places.
func (j *journalWriter) enter(level zerolog.Level, line []byte) error {
	if j.busy != nil {
		select {
		case err := <-j.busy:
			if err == nil {
				j.missed -= j.telling
			}
			j.busy, j.telling = nil, 0
		default:
			return errJournalBusy
		}
	}
	message, fields, err := journalEntry(line)
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- j.send(message, journal.Priority(priority(level)), fields) }()
	late := time.NewTimer(journalPatience)
	defer late.Stop()
	select {
	case err := <-sent:
		return err
	case <-late.C:
		select {
		case err := <-sent: // both, on a busy machine
			return err
		default:
		}
		j.busy = sent
		return errJournalBusy
	}
}

// close waits for a send that is late, for at most journalPatience: one that the
// journal does not take by then nobody can take back.
func (j *journalWriter) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.busy == nil {
		return
	}
	late := time.NewTimer(journalPatience)
	defer late.Stop()
	select {
	case <-j.busy:
		j.busy = nil
	case <-late.C:
	}
}

// journalEntry turns a line of the log into the message and the fields of a
// journal entry. The journal has the time, and the level is its priority.
func journalEntry(line []byte) (message string, fields map[string]string, err error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(line, &all); err != nil {
		return "", nil, fmt.Errorf("read a line of the log: %w", err)
	}
	fields = map[string]string{"SYSLOG_IDENTIFIER": "foster"}
	for key, raw := range all {
		value := string(raw)
		if len(raw) > 0 && raw[0] == '"' {
			if err := json.Unmarshal(raw, &value); err != nil {
				return "", nil, fmt.Errorf("read field %q of a line of the log: %w", key, err)
			}
		}
		switch key {
		case zerolog.MessageFieldName:
			message = value
		case zerolog.LevelFieldName, zerolog.TimestampFieldName:
		default:
			fields["FOSTER_"+strings.ToUpper(key)] = value
		}
	}
	return message, fields, nil
}
