package journal

import (
	"errors"
	"fmt"
	"io"

	"buildledger/workers/go/internal/journal/buffers"
)

// FirstUnacked is the number of the oldest event that isn't acknowledged, or that of the next event if all are.
func (j *Journal) FirstUnacked() uint64 {
	if len(j.entries) == 0 {
		return j.NextEvent
	}
	return j.entries[0].Record.EventNo
}

// Entry is the entry of an event; nil if there is none yet, or it was released.
func (j *Journal) Entry(eventNo uint64) *Entry {
	if len(j.entries) == 0 || eventNo < j.entries[0].Record.EventNo {
		return nil
	}
	if index := eventNo - j.entries[0].Record.EventNo; index < uint64(len(j.entries)) {
		return j.entries[index]
	}
	return nil
}

// Body is the body of an event, from the cache or from disk; it isn't cached afterwards.
func (j *Journal) Body(entry *Entry) ([]byte, error) {
	record := entry.Record
	if entry.position == inMemory || record.Kind != KindEvent || entry.Bytes == 0 {
		return record.Body, nil
	}
	if body := record.Body; body != nil {
		j.cached -= len(body)
		entry.dropCached()
		return body, nil
	}
	body := make([]byte, entry.Bytes)
	if _, err := j.files[entry.segment].ReadAt(body, entry.position+headBytes); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("reading the journal back: %w", err)
	}
	return body, nil
}

// Output is the bytes of output, from the cache or from the spool; they aren't cached afterwards. The caller owns the buffer, which
// is of package buffers.
func (j *Journal) Output(entry *Entry) ([]byte, error) {
	chunk := entry.Record.Chunk
	if data := chunk.Data; data != nil {
		j.cached -= len(data)
		entry.dropCached()
		return data, nil
	}
	data := buffers.Get(int(chunk.Bytes))
	if err := j.Spool.Read(int(entry.Record.Channel), data, chunk.Position); err != nil {
		return nil, err
	}
	if Checksum(data) != chunk.CRC {
		return nil, errors.New("the spool doesn't hold what was journalled")
	}
	return data, nil
}

// DataAcked is how many bytes of output the server has, gaps included.
func (j *Journal) DataAcked() uint64 {
	if len(j.entries) == 0 {
		return j.DataEnd
	}
	return j.entries[0].DataStart
}
