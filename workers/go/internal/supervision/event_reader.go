package supervision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// EventReader reads the events of a supervisor, each once. It isn't safe for concurrent use.
type EventReader struct {
	directory string
	readBytes int64 // Of whole lines.
	file      *os.File
}

// EventLine is an event, and the position in the file where the next one begins.
type EventLine struct {
	contract.Event
	End int64
}

// NewEventReader reads the events from a position on: 0, or an EventLine.End.
func NewEventReader(directory string, from int64) *EventReader {
	return &EventReader{directory: directory, readBytes: from}
}

// Next are the events that were written since the last call.
func (e *EventReader) Next() ([]EventLine, error) {
	if e.file == nil {
		file, err := os.Open(filepath.Join(e.directory, contract.EventsFile))
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the events of a supervisor: %w", err)
		}
		e.file = file
	}
	info, err := e.file.Stat()
	if err != nil || info.Size() <= e.readBytes {
		return nil, err
	}
	text := make([]byte, info.Size()-e.readBytes)
	if _, err := e.file.ReadAt(text, e.readBytes); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the events of a supervisor: %w", err)
	}
	var lines []EventLine
	for {
		line, rest, isWhole := bytes.Cut(text, []byte{'\n'})
		if !isWhole {
			return lines, nil
		}
		event := EventLine{End: e.readBytes + int64(len(line)) + 1}
		if err := json.Unmarshal(line, &event.Event); err != nil {
			return lines, fmt.Errorf("an event of a supervisor: %w", err)
		}
		lines = append(lines, event)
		e.readBytes, text = event.End, rest
	}
}

// Close closes the file.
func (e *EventReader) Close() {
	if e.file != nil {
		e.file.Close()
	}
}

// ReadRoot is the root process of the command, as the supervisor's events have it; nil if it wasn't started.
func ReadRoot(directory string) *processes.Identity {
	events := NewEventReader(directory, 0)
	defer events.Close()
	lines, _ := events.Next()
	for _, line := range lines {
		if line.Started != nil {
			return &line.Started.Identity
		}
	}
	return nil
}
