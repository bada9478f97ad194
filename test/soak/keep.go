package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// keeper keeps the logs of all fosters. It opens the engine's file of a container when that starts, and so has it all
// even after the container has been removed, or the engine killed.
type keeper struct {
	dir string

	mu   sync.Mutex
	logs []*taskLog
	work sync.WaitGroup
}

// taskLog is what one container of a foster says, as the engine's json-file driver writes it.
type taskLog struct {
	node, service, id string
	file              *os.File
	err               error
}

func (k *keeper) begin(ctx context.Context, n *node, id, task string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.ContainsFunc(k.logs, func(l *taskLog) bool { return l.id == id }) {
		return
	}
	service, _, _ := strings.Cut(task, ".")
	l := &taskLog{node: n.Name, service: service, id: id}
	k.logs = append(k.logs, l)
	k.work.Go(func() { // a stream of events may not wait for the engine
		ask, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		c, err := n.Client().ContainerInspect(ask, id)
		var file *os.File
		if err == nil {
			file, err = os.Open(c.LogPath)
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		l.file, l.err = file, err
	})
}

// save writes all of it into files, and closes what is open.
func (k *keeper) save() error {
	k.work.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.logs {
		text, err := l.text()
		if err != nil {
			text = fmt.Appendf(nil, "(not kept: %v)\n", err)
		}
		if l.file != nil {
			l.file.Close()
			l.file, l.err = nil, os.ErrClosed
		}
		name := filepath.Join(k.dir, fmt.Sprintf("%s-%s-%.12s.log", l.node, l.service, l.id))
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return fmt.Errorf("keep a log: %w", err)
		}
	}
	return nil
}

// text is what was said so far.
func (l *taskLog) text() ([]byte, error) {
	if l.err != nil {
		return nil, l.err
	}
	if l.file == nil {
		return nil, os.ErrNotExist
	}
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for lines := json.NewDecoder(l.file); ; {
		var line struct{ Log string }
		if err := lines.Decode(&line); err != nil {
			return out.Bytes(), nil // the end, or what a power cut has left of the last line
		}
		out.WriteString(line.Log)
	}
}

// tail is the last lines of the fosters of a service on a node, the latest foster last.
func (k *keeper) tail(node, service string, lines int) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []string
	for _, l := range k.logs {
		if l.node != node || l.service != service {
			continue
		}
		text, err := l.text()
		all = append(all, fmt.Sprintf("(foster in %.12s; %v)", l.id, err))
		for scan := bufio.NewScanner(bytes.NewReader(text)); scan.Scan(); {
			all = append(all, scan.Text())
		}
	}
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
