// Package journal keeps what happened in an attempt on disk, before it is sent.
package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Kind says what a record tells.
type Kind uint8

const (
	// KindHeader is the first record of each segment: a Header as JSON.
	KindHeader Kind = iota + 1
	// KindEvent is an event that isn't output, as a serialised RunEvent.
	KindEvent
	// KindOutput is bytes of a channel, which lie in the supervisor's spool: the body has their position there and their number
	// (8 bytes each) and their checksum (4 bytes).
	KindOutput
	// KindStarting says that something is about to be started. The body has what is left to do when it has ended.
	KindStarting
	// KindGap says that bytes of a channel are left out, from the record's offset to the one in its body (8 bytes).
	KindGap
)

const (
	// headBytes is the size of what stands before a body: checksum of the rest of the head, length and checksum of the body,
	// kind, channel, two bytes of nothing, event number, offset, place among the supervisor's events, wall and monotonic clock in
	// nanoseconds; little-endian, like all numbers.
	headBytes = 56
	// outputBytes and gapBytes are the sizes of bodies.
	outputBytes = 20
	gapBytes    = 8
	// A body is an event of at most one message; anything longer is damage.
	maxBodyBytes = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the CRC-32C of data, on disk as over the wire, so that each byte is summed once.
func Checksum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// Record is one entry of a journal. Its Body is nil when only its head is held in memory.
type Record struct {
	Kind    Kind
	Channel uint8
	EventNo uint64
	Offset  uint64
	// EventsRead is how far the supervisor's events were read when this became known.
	EventsRead uint64
	Wall       int64
	Monotonic  int64
	Body       []byte
	BodyCRC    uint32
	// Chunk is what the body of output says.
	Chunk *Chunk
}

// NewRecord is a record that isn't an event.
func NewRecord(kind Kind, body []byte) *Record {
	return &Record{Kind: kind, Body: body, BodyCRC: Checksum(body)}
}

// Chunk is bytes of output in the supervisor's spool.
type Chunk struct {
	Position, Bytes uint64
	// CRC is their CRC-32C.
	CRC uint32
	// Data is the bytes themselves as long as there is room for them in memory.
	Data []byte
}

// NewOutputRecord is a record of output. It keeps the data, a buffer of package buffers.
func NewOutputRecord(channel int, position uint64, data []byte) *Record {
	chunk := &Chunk{position, uint64(len(data)), Checksum(data), data}
	body := binary.LittleEndian.AppendUint64(make([]byte, 0, outputBytes), chunk.Position)
	body = binary.LittleEndian.AppendUint64(body, chunk.Bytes)
	record := NewRecord(KindOutput, binary.LittleEndian.AppendUint32(body, chunk.CRC))
	record.Channel, record.Chunk = uint8(channel), chunk
	return record
}

// NewGapRecord is a record of bytes that are left out.
func NewGapRecord(channel int, endOffset uint64) *Record {
	record := NewRecord(KindGap, binary.LittleEndian.AppendUint64(nil, endOffset))
	record.Channel = uint8(channel)
	return record
}

// GapEnd is the offset behind a gap.
func (r *Record) GapEnd() uint64 { return binary.LittleEndian.Uint64(r.Body) }

// Header says what an attempt is, and how far it had come when its segment began.
type Header struct {
	RunID    string   `json:"run_id"`
	Attempt  uint32   `json:"attempt"`
	Fence    uint64   `json:"fence"`
	Cookie   string   `json:"cookie"`
	BuildDir string   `json:"builddir"`
	BootID   string   `json:"boot_id"`
	Channels []string `json:"channels"`
	// SegmentBytes is the size of the segments of the supervisor's spool.
	SegmentBytes int64    `json:"segment_bytes"`
	NextEvent    uint64   `json:"next_event"`
	Offsets      []uint64 `json:"offsets"`
	// Positions are how far each channel's spool was read, EventsRead how far the supervisor's events.
	Positions  []uint64 `json:"positions"`
	EventsRead uint64   `json:"events_read"`
}

// encode appends head and body of r to buffer.
func (r *Record) encode(buffer []byte) []byte {
	start := len(buffer)
	buffer = append(buffer, make([]byte, 4)...)
	buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(r.Body)))
	buffer = binary.LittleEndian.AppendUint32(buffer, r.BodyCRC)
	buffer = append(buffer, byte(r.Kind), r.Channel, 0, 0)
	buffer = binary.LittleEndian.AppendUint64(buffer, r.EventNo)
	buffer = binary.LittleEndian.AppendUint64(buffer, r.Offset)
	buffer = binary.LittleEndian.AppendUint64(buffer, r.EventsRead)
	buffer = binary.LittleEndian.AppendUint64(buffer, uint64(r.Wall))
	buffer = binary.LittleEndian.AppendUint64(buffer, uint64(r.Monotonic))
	binary.LittleEndian.PutUint32(buffer[start:], Checksum(buffer[start+4:]))
	return append(buffer, r.Body...)
}

// errDamaged is the end of what can be read of a segment that a crash cut short.
var errDamaged = errors.New("the record is damaged")

// readRecord reads one whole record. The error is io.EOF at the end, errDamaged where something else stands.
func readRecord(reader io.Reader) (*Record, error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(reader, head[:]); err != nil {
		return nil, readError(err)
	}
	length := binary.LittleEndian.Uint32(head[4:])
	if binary.LittleEndian.Uint32(head[:]) != Checksum(head[4:]) || length > maxBodyBytes {
		return nil, errDamaged
	}
	record := &Record{
		Kind:       Kind(head[12]),
		Channel:    head[13],
		EventNo:    binary.LittleEndian.Uint64(head[16:]),
		Offset:     binary.LittleEndian.Uint64(head[24:]),
		EventsRead: binary.LittleEndian.Uint64(head[32:]),
		Wall:       int64(binary.LittleEndian.Uint64(head[40:])),
		Monotonic:  int64(binary.LittleEndian.Uint64(head[48:])),
		Body:       make([]byte, length),
		BodyCRC:    binary.LittleEndian.Uint32(head[8:]),
	}
	if _, err := io.ReadFull(reader, record.Body); err != nil {
		return nil, readError(err)
	}
	if Checksum(record.Body) != record.BodyCRC || !record.parseBody() {
		return nil, errDamaged
	}
	return record, nil
}

// parseBody reads the body of output; false if it can't be one.
func (r *Record) parseBody() bool {
	switch r.Kind {
	case KindGap:
		return len(r.Body) == gapBytes
	case KindOutput:
		if len(r.Body) != outputBytes {
			return false
		}
		r.Chunk = &Chunk{
			Position: binary.LittleEndian.Uint64(r.Body), Bytes: binary.LittleEndian.Uint64(r.Body[8:]),
			CRC: binary.LittleEndian.Uint32(r.Body[16:]),
		}
	}
	return true
}

func readError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errDamaged
	}
	return err
}

func encodeJSON(value any) ([]byte, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encoding a journal record: %w", err)
	}
	return body, nil
}
