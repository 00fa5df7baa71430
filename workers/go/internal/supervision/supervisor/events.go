package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"buildledger/workers/go/internal/contract"
)

// eventWriter are the events of a command, one line of JSON each, in the order in which they happened.
type eventWriter struct {
	mu   sync.Mutex
	file *os.File
	size int64
}

func openEventWriter(directory string) (*eventWriter, error) {
	file, err := os.OpenFile(filepath.Join(directory, contract.EventsFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &eventWriter{file: file}, nil
}

// append writes one line in one go. After an error the lines are as before.
func (n *eventWriter) append(event contract.Event) error {
	line, err := json.Marshal(event)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.file.WriteAt(line, n.size); err != nil {
		return errors.Join(fmt.Errorf("writing an event: %w", err), n.file.Truncate(n.size))
	}
	n.size += int64(len(line))
	return nil
}

// diagnosticsFile is a file that exists only if there is something to say.
type diagnosticsFile struct {
	directory string
	mu        sync.Mutex
	file      *os.File
}

// Write appends to the file. What can't be written is lost: there is nobody to tell.
func (d *diagnosticsFile) Write(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil {
		path := filepath.Join(d.directory, contract.DiagnosticsFile)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return len(text), nil
		}
		d.file = file
	}
	_, _ = d.file.Write(text)
	return len(text), nil
}
