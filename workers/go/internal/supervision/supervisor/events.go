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

// eventWriter appends to the events file of the command: one line of JSON for each event. It is safe for concurrent use.
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

// append writes one event. After an error the file is as before.
func (w *eventWriter) append(event contract.Event) error {
	line, err := json.Marshal(event)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.file.WriteAt(line, w.size); err != nil {
		return errors.Join(fmt.Errorf("writing an event: %w", err), w.file.Truncate(w.size))
	}
	w.size += int64(len(line))
	return nil
}

// diagnosticsFile has what the supervisor logs; it is created with the first message.
type diagnosticsFile struct {
	directory string
	mu        sync.Mutex
	file      *os.File
}

// Write appends to the file. It never fails: an error of the log couldn't be reported anywhere.
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
