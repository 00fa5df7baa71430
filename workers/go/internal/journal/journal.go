// Package journal keeps what happened in an attempt on disk: it is written before it is sent, and released when the server has it.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"buildledger/workers/go/internal/journal/buffers"
)

const (
	// segmentBytes is the size from which on a segment is followed by the next. It is removed as a whole, once the server has it.
	segmentBytes = 8 << 20
	// maxCachedBytes of events wait in memory to be sent; the others are read back from disk.
	maxCachedBytes = 1 << 20
	// inMemory is the position of an event that couldn't be written.
	inMemory = -1
)

// Entry is one event that isn't acknowledged, and where it lies.
type Entry struct {
	Record *Record
	// Bytes is the size of its output, or else of its body.
	Bytes int
	// DataStart and DataEnd are how many bytes of output the attempt had before and after this event, gaps included.
	DataStart, DataEnd uint64
	segment            int
	position           int64
}

// Journal is the journal of one attempt, in segments: files named `<run id>.<attempt>.<segment>.journal`.
//
// Each segment begins with a Header. A record that a crash cut short is recognised by its checksum. The specification of a run is
// not kept: it may hold secrets, and nothing is ever started from a journal. A Journal isn't safe for concurrent use.
type Journal struct {
	Header       Header
	NextEvent    uint64
	AckedThrough uint64
	// Offsets are how many bytes each channel has so far, gaps included; DataEnd is their sum.
	Offsets []uint64
	DataEnd uint64
	// Positions are how far each channel's spool was read, EventsRead how far the supervisor's events.
	Positions  []uint64
	EventsRead uint64
	// SpooledBytes is the sum of the entries' Bytes.
	SpooledBytes int64
	// Released are the positions in each channel's spool below which the server has all output.
	Released []uint64
	// Spool reads output that isn't cached; the owner of a journal with channels sets it.
	Spool interface {
		Read(channel int, data []byte, position uint64) error
	}

	directory   string
	entries     []*Entry
	files       map[int]*os.File
	active      int
	activeBytes int64
	cached      int
	writeBuffer []byte // Kept until the server has everything.
}

// New is a journal of which nothing is on disk before Begin.
func New(directory string, header Header) *Journal {
	if header.NextEvent == 0 {
		header.NextEvent = 1
	}
	j := &Journal{
		Header:       header,
		NextEvent:    header.NextEvent,
		AckedThrough: header.NextEvent - 1,
		Offsets:      slices.Clone(header.Offsets),
		Positions:    slices.Clone(header.Positions),
		EventsRead:   header.EventsRead,
		directory:    directory,
		files:        make(map[int]*os.File),
	}
	if len(j.Offsets) == 0 {
		j.Offsets, j.Positions = make([]uint64, len(header.Channels)), make([]uint64, len(header.Channels))
	}
	j.DataEnd = sum(j.Offsets)
	j.Released = make([]uint64, len(j.Offsets))
	return j
}

// Begin creates the first segment with its header and records, in one write. After an error nothing is left behind.
func (j *Journal) Begin(records ...*Record) error {
	if err := j.openSegment(0, records); err != nil {
		j.Remove()
		return err
	}
	return nil
}

// Append adds records in one write; those with an event number become entries. After an error the journal is as before.
func (j *Journal) Append(records ...*Record) error {
	if j.activeBytes >= segmentBytes {
		if err := j.openSegment(j.active+1, nil); err != nil {
			return err
		}
	}
	return j.write(records)
}

// AppendInMemory adds an event that couldn't be written. It is lost when this process ends.
func (j *Journal) AppendInMemory(record *Record) { j.addEntry(record, j.active, inMemory) }

// ActiveFile is the file of the segment that is written to, for GroupFsync; nil before Begin.
func (j *Journal) ActiveFile() *os.File { return j.files[j.active] }

// openSegment begins a segment with its header and records.
func (j *Journal) openSegment(number int, records []*Record) error {
	header := j.Header
	header.NextEvent, header.Offsets, header.Positions, header.EventsRead = j.NextEvent, j.Offsets, j.Positions, j.EventsRead
	body, err := encodeJSON(header)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(j.path(number), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("creating a journal segment: %w", err)
	}
	previous, previousBytes := j.active, j.activeBytes
	j.files[number], j.active, j.activeBytes = file, number, 0
	if err := j.write(append([]*Record{NewRecord(KindHeader, body)}, records...)); err != nil {
		j.deleteSegment(number)
		j.active, j.activeBytes = previous, previousBytes
		return err
	}
	return nil
}

// write writes records at the end of the active segment.
func (j *Journal) write(records []*Record) error {
	buffer := j.writeBuffer[:0]
	for _, record := range records {
		buffer = record.encode(buffer)
	}
	j.writeBuffer = buffer
	file := j.files[j.active]
	if _, err := file.WriteAt(buffer, j.activeBytes); err != nil {
		// A part may have been written, behind which no record may follow. If truncating fails too, its checksum shows that it is
		// damaged.
		return errors.Join(fmt.Errorf("writing the journal: %w", err), file.Truncate(j.activeBytes))
	}
	position := j.activeBytes
	j.activeBytes += int64(len(buffer))
	for _, record := range records {
		size := int64(len(record.Body))
		if record.EventNo > 0 {
			j.addEntry(record, j.active, position)
		}
		position += headBytes + size
	}
	return nil
}

// addEntry adds an event that lies at a position of a segment.
func (j *Journal) addEntry(record *Record, segment int, position int64) {
	size := len(record.Body)
	j.NextEvent = record.EventNo + 1
	j.EventsRead = max(j.EventsRead, record.EventsRead)
	start := j.DataEnd
	switch record.Kind {
	case KindOutput:
		size = int(record.Chunk.Bytes)
		j.DataEnd += record.Chunk.Bytes
		j.Offsets[record.Channel] += record.Chunk.Bytes
		j.Positions[record.Channel] = record.Chunk.Position + record.Chunk.Bytes
	case KindGap:
		end := record.GapEnd()
		j.DataEnd += end - j.Offsets[record.Channel]
		j.Offsets[record.Channel] = end
	}
	entry := &Entry{record, size, start, j.DataEnd, segment, position}
	if j.cached+entry.cached() > maxCachedBytes {
		if record.Chunk != nil {
			buffers.Put(record.Chunk.Data)
		}
		entry.dropCached()
	}
	j.cached += entry.cached()
	j.entries = append(j.entries, entry)
	j.SpooledBytes += int64(size)
}

// cached is how many bytes of an entry are cached.
func (e *Entry) cached() int {
	switch {
	case e.Record.Kind == KindOutput:
		return len(e.Record.Chunk.Data)
	case e.Record.Kind == KindEvent && e.position != inMemory:
		return len(e.Record.Body)
	}
	return 0
}

// dropCached drops the cached bytes of an entry; they can be read again.
func (e *Entry) dropCached() {
	if e.Record.Kind == KindOutput {
		e.Record.Chunk.Data = nil
	} else {
		e.Record.Body = nil
	}
}

func (j *Journal) path(number int) string {
	return filepath.Join(j.directory, fmt.Sprintf("%s.%d.%d.journal", j.Header.RunID, j.Header.Attempt, number))
}

func sum(values []uint64) (total uint64) {
	for _, value := range values {
		total += value
	}
	return total
}
