package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Kind is what a record holds.
type Kind uint8

const (
	// KindHeader is the first record of each segment: a Header as JSON.
	KindHeader Kind = iota + 1
	// KindEvent is an event that isn't output, as a serialised RunEvent.
	KindEvent
	// KindOutput is bytes of a channel, which lie in the supervisor's spool: the body has their position there and their number
	// (8 bytes each) and their checksum (4 bytes).
	KindOutput
	// KindStarting says that the operation is about to be started. The body has what is left to do when it has ended.
	KindStarting
	// KindGap says that bytes of a channel are left out, from the record's offset to the one in its body (8 bytes).
	KindGap
)

const (
	// headBytes is the size of the head of a record: checksum of the rest of the head, length and checksum of the body, kind,
	// channel, two unused bytes, event number, offset, position in the supervisor's events, wall and monotonic clock in
	// nanoseconds; little-endian, like all numbers.
	headBytes = 56
	// outputBytes and gapBytes are the sizes of the bodies of output and gaps.
	outputBytes = 20
	gapBytes    = 8
	// maxBodyBytes: a body is an event, which fits into a message; anything longer is damage.
	maxBodyBytes = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the CRC-32C of data. The protocol uses the same, so that it is computed once for each byte.
func Checksum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// Record is one record of a journal. Its Body is nil while only its head is in memory.
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
	// Chunk is the parsed body of output; nil for other kinds.
	Chunk *Chunk
}

// NewRecord is a record with a body. It becomes an event when it gets an event number.
func NewRecord(kind Kind, body []byte) *Record {
	return &Record{Kind: kind, Body: body, BodyCRC: Checksum(body)}
}

// Chunk is bytes of output in the supervisor's spool.
type Chunk struct {
	Position, Bytes uint64
	// CRC is their CRC-32C.
	CRC uint32
	// Data is the bytes themselves, while they are cached; otherwise nil.
	Data []byte
}

// NewOutputRecord is a record of output. It takes over data, which is a buffer of package buffers.
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

// GapEnd is the offset of the first byte after a gap.
func (r *Record) GapEnd() uint64 { return binary.LittleEndian.Uint64(r.Body) }

// Header says which attempt a journal is of, and how far it had come when the segment began.
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

// encode appends head and body of a record to buffer.
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

// errDamaged says that a record isn't whole, as after a crash in the middle of a write.
var errDamaged = errors.New("the record is damaged")

// readRecord reads one record. The error is io.EOF at the end, and errDamaged if what follows isn't a whole record.
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

// parseBody parses the body of output; false if the body doesn't fit its kind.
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

// readError is errDamaged for the end of the file within a record; otherwise err.
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
