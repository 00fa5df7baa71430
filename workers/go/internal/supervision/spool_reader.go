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

// SpoolReader reads what a supervisor spools. It isn't safe for concurrent use.
type SpoolReader struct {
	directory    string
	segmentBytes int64
	open         map[int]openSegment // The last one of each channel.
}

type openSegment struct {
	number int64
	file   *os.File
}

// NewSpoolReader reads in a supervisor's directory; nothing need be there yet.
func NewSpoolReader(directory string, segmentBytes int64) *SpoolReader {
	return &SpoolReader{directory: directory, segmentBytes: segmentBytes, open: make(map[int]openSegment)}
}

// End is how far a channel's output goes, known to go to position.
func (r *SpoolReader) End(channel int, position uint64) (uint64, error) {
	number := int64(position) / r.segmentBytes
	for {
		file, err := r.segmentFile(channel, number)
		if errors.Is(err, os.ErrNotExist) {
			return max(uint64(number*r.segmentBytes), position), nil
		}
		if err != nil {
			return position, err
		}
		info, err := file.Stat()
		if err != nil {
			return position, err
		}
		if info.Size() < r.segmentBytes {
			return uint64(number*r.segmentBytes + info.Size()), nil
		}
		number++
	}
}

// Read reads bytes of a channel that are known to be there.
func (r *SpoolReader) Read(channel int, data []byte, position uint64) error {
	for len(data) > 0 {
		offset := int64(position) % r.segmentBytes
		file, err := r.segmentFile(channel, int64(position)/r.segmentBytes)
		if err != nil {
			return fmt.Errorf("reading the spool: %w", err)
		}
		part := data[:min(int64(len(data)), r.segmentBytes-offset)]
		if _, err := file.ReadAt(part, offset); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("reading the spool: %w", err)
		}
		data, position = data[len(part):], position+uint64(len(part))
	}
	return nil
}

// Close lets go of the files.
func (r *SpoolReader) Close() {
	for _, each := range r.open {
		each.file.Close()
	}
	clear(r.open)
}

func (r *SpoolReader) segmentFile(channel int, number int64) (*os.File, error) {
	current, isOpen := r.open[channel]
	if isOpen && current.number == number {
		return current.file, nil
	}
	file, err := os.Open(contract.SegmentPath(r.directory, channel, number))
	if err != nil {
		return nil, err
	}
	if isOpen {
		current.file.Close()
	}
	r.open[channel] = openSegment{number, file}
	return file, nil
}

// SegmentReclaimer removes the segments of a channel from the first of which it isn't known that they are gone.
type SegmentReclaimer struct {
	directory    string
	segmentBytes int64
	next         []int64 // By channel.
}

// NewSegmentReclaimer is for a supervisor's directory.
func NewSegmentReclaimer(directory string, segmentBytes int64, channels int) *SegmentReclaimer {
	return &SegmentReclaimer{directory: directory, segmentBytes: segmentBytes, next: make([]int64, channels)}
}

// Reclaim removes the segments of a channel that hold nothing from position on.
func (t *SegmentReclaimer) Reclaim(channel int, position uint64) {
	for ; (t.next[channel]+1)*t.segmentBytes <= int64(position); t.next[channel]++ {
		// What can't be removed goes with the directory.
		_ = os.Remove(contract.SegmentPath(t.directory, channel, t.next[channel]))
	}
}

// EventReader reads the events of a supervisor, each once.
type EventReader struct {
	directory string
	read      int64 // Bytes of whole lines that were read.
	file      *os.File
}

// EventLine is an event, and where the next one begins.
type EventLine struct {
	contract.Event
	End int64
}

// NewEventReader reads the events from a position on, which Line.End has told.
func NewEventReader(directory string, from int64) *EventReader {
	return &EventReader{directory: directory, read: from}
}

// Next are the events that have come since.
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
	if err != nil || info.Size() <= e.read {
		return nil, err
	}
	text := make([]byte, info.Size()-e.read)
	if _, err := e.file.ReadAt(text, e.read); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the events of a supervisor: %w", err)
	}
	var lines []EventLine
	for {
		line, rest, isWhole := bytes.Cut(text, []byte{'\n'})
		if !isWhole {
			return lines, nil
		}
		event := EventLine{End: e.read + int64(len(line)) + 1}
		if err := json.Unmarshal(line, &event.Event); err != nil {
			return lines, fmt.Errorf("an event of a supervisor: %w", err)
		}
		lines = append(lines, event)
		e.read, text = event.End, rest
	}
}

// Close lets go of the file.
func (e *EventReader) Close() {
	if e.file != nil {
		e.file.Close()
	}
}

// ReadRoot is the root of the command's tree, as the supervisor's events tell; nil if they don't.
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
