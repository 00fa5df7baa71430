package supervision

import (
	"errors"
	"fmt"
	"io"
	"os"

	"buildledger/workers/go/internal/contract"
)

// SpoolReader reads the output that a supervisor has spooled. It isn't safe for concurrent use.
type SpoolReader struct {
	directory    string
	segmentBytes int64
	open         map[int]openSegment // By channel; the segment that was read last.
}

type openSegment struct {
	number int64
	file   *os.File
}

// NewSpoolReader reads the spool in a supervisor's directory, which may still be empty.
func NewSpoolReader(directory string, segmentBytes int64) *SpoolReader {
	return &SpoolReader{directory: directory, segmentBytes: segmentBytes, open: make(map[int]openSegment)}
}

// End is the position where a channel's output ends; position is known to be at the end or before it.
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

// Read fills data with bytes of a channel from position on, which End has said to be there.
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

// Close closes the files.
func (r *SpoolReader) Close() {
	for _, each := range r.open {
		each.file.Close()
	}
	clear(r.open)
}

// segmentFile is the open file of a segment.
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
