package journal

import (
	"fmt"
	"os"
	"slices"
)

// ReleaseThrough drops the events up to eventNo, which the server has, and removes the segments that hold nothing else.
func (j *Journal) ReleaseThrough(eventNo uint64) {
	freed := 0
	for _, entry := range j.entries {
		if entry.Record.EventNo > eventNo {
			break
		}
		j.SpooledBytes -= int64(entry.Bytes)
		j.cached -= entry.cached()
		if chunk := entry.Record.Chunk; chunk != nil {
			j.Released[entry.Record.Channel] = chunk.Position + chunk.Bytes
		}
		freed++
	}
	clear(j.entries[:freed])
	j.entries = j.entries[freed:]
	if len(j.entries) == 0 {
		j.entries, j.writeBuffer = nil, nil
	}
	j.AckedThrough = max(j.AckedThrough, min(eventNo, j.NextEvent-1))
	needed := j.active
	if len(j.entries) > 0 {
		needed = j.entries[0].segment
	}
	for number := range j.files {
		// The first segment stays: it has what is left to do after the command.
		if number > 0 && number < needed {
			j.deleteSegment(number)
		}
	}
}

// LastDeleted is the number of the last event with output of which isDeleted says that it isn't in the spool any more; 0 if there
// is none.
func (j *Journal) LastDeleted(isDeleted func(channel int, position uint64) bool) uint64 {
	isDone := make([]bool, len(j.Offsets))
	last := uint64(0)
	for _, entry := range j.entries {
		record := entry.Record
		if record.Kind != KindOutput || isDone[record.Channel] {
			continue
		}
		if isDeleted(int(record.Channel), record.Chunk.Position) {
			last = record.EventNo
		} else {
			// The spool is deleted from its beginning: what follows is there too.
			isDone[record.Channel] = true
		}
	}
	return last
}

// DropDamaged drops all events from the first one whose output isn't in the spool as it was written: after a crash of the machine
// the disk may have the journal's record and not the output.
func (j *Journal) DropDamaged() error {
	for i, entry := range j.entries {
		if entry.Record.Kind != KindOutput {
			continue
		}
		if _, err := j.Output(entry); err != nil {
			return j.truncateAt(i)
		}
	}
	return nil
}

// truncateAt drops the entries from index on, on disk too.
func (j *Journal) truncateAt(index int) error {
	first := j.entries[index]
	for _, entry := range slices.Backward(j.entries[index:]) {
		record := entry.Record
		j.SpooledBytes -= int64(entry.Bytes)
		j.cached -= entry.cached()
		if record.Kind == KindOutput {
			j.Positions[record.Channel] = record.Chunk.Position
		}
		if record.Kind != KindEvent {
			j.Offsets[record.Channel] = record.Offset
		}
	}
	clear(j.entries[index:])
	j.entries = j.entries[:index]
	j.NextEvent, j.DataEnd = first.Record.EventNo, first.DataStart
	for number := range j.files {
		if number > first.segment {
			j.deleteSegment(number)
		}
	}
	j.active, j.activeBytes = first.segment, first.position
	if err := j.files[j.active].Truncate(j.activeBytes); err != nil {
		return fmt.Errorf("cutting off what a crash left: %w", err)
	}
	return nil
}

// RenumberAfter gives the entries the numbers after eventNo, the last that the server knows.
func (j *Journal) RenumberAfter(eventNo uint64) {
	for _, entry := range j.entries {
		eventNo++
		entry.Record.EventNo = eventNo
	}
	j.AckedThrough = eventNo - uint64(len(j.entries))
	j.NextEvent = eventNo + 1
}

// Remove removes all segments. Calling it again does nothing.
func (j *Journal) Remove() {
	for number := range j.files {
		j.deleteSegment(number)
	}
	j.entries, j.writeBuffer = nil, nil
	j.SpooledBytes, j.cached = 0, 0
}

// Close closes the files, and leaves them on disk.
func (j *Journal) Close() {
	for _, file := range j.files {
		file.Close()
	}
	clear(j.files)
}

func (j *Journal) deleteSegment(number int) {
	j.files[number].Close()
	delete(j.files, number)
	// What can't be removed is loaded again after a restart, and released again then.
	_ = os.Remove(j.path(number))
}
