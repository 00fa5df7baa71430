package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

var segmentName = regexp.MustCompile(`^([0-9a-f-]{36}\.\d+)\.(\d+)\.journal$`)

const loadBufferBytes = 256 << 10

// Segment is one file of a journal that an earlier process wrote.
type Segment struct {
	number int
	path   string
}

// FindJournals finds the journals in a directory, in order of their names: for each its segments, in order of their numbers.
func FindJournals(directory string) ([][]Segment, error) {
	files, err := os.ReadDir(directory)
	if err != nil {
		return nil, fmt.Errorf("looking for journals: %w", err)
	}
	found := make(map[string][]Segment)
	var names []string
	for _, file := range files {
		match := segmentName.FindStringSubmatch(file.Name())
		if match == nil {
			continue
		}
		number, err := strconv.Atoi(match[2])
		if err != nil {
			continue
		}
		if found[match[1]] == nil {
			names = append(names, match[1])
		}
		found[match[1]] = append(found[match[1]], Segment{number, filepath.Join(directory, file.Name())})
	}
	journals := make([][]Segment, 0, len(names))
	for _, name := range names {
		segments := found[name]
		slices.SortFunc(segments, func(a, b Segment) int { return a.number - b.number })
		journals = append(journals, segments)
	}
	return journals, nil
}

// Load loads a journal that an earlier process wrote, and calls onRecord with each record. What is damaged at its end is cut off.
//
// The journal is nil, and its files are removed, if not even its header was written whole: then nothing can have been started.
func Load(directory string, segments []Segment, onRecord func(*Record)) (*Journal, error) {
	header, err := readHeader(segments[0].path)
	if err != nil {
		return nil, err
	}
	if header == nil {
		for _, segment := range segments {
			if err := os.Remove(segment.path); err != nil {
				return nil, fmt.Errorf("removing an empty journal: %w", err)
			}
		}
		return nil, nil
	}
	j := New(directory, *header)
	for _, segment := range segments {
		if err := j.loadSegment(segment, onRecord); err != nil {
			j.Close()
			return nil, err
		}
	}
	return j, nil
}

// readHeader reads the header of a segment; nil if it isn't whole.
func readHeader(path string) (*Header, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening a journal: %w", err)
	}
	defer file.Close()
	record, err := readRecord(file)
	if err != nil || record.Kind != KindHeader {
		return nil, nil
	}
	header := new(Header)
	if err := json.Unmarshal(record.Body, header); err != nil {
		return nil, fmt.Errorf("journal %s: %w", filepath.Base(path), err)
	}
	return header, nil
}

// loadSegment adds the entries of one segment.
func (j *Journal) loadSegment(segment Segment, onRecord func(*Record)) error {
	file, err := os.OpenFile(segment.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("opening a journal segment: %w", err)
	}
	j.files[segment.number], j.active, j.activeBytes = file, segment.number, 0
	reader := bufio.NewReaderSize(file, loadBufferBytes)
	for {
		record, err := readRecord(reader)
		if err != nil {
			// The end, or a record that a crash left half written: that wasn't sent.
			break
		}
		size := int64(len(record.Body))
		onRecord(record)
		switch {
		case record.Kind == KindHeader:
			if err := j.applyHeader(record.Body); err != nil {
				return err
			}
		case record.EventNo > 0 && int(record.Channel) < max(1, len(j.Offsets)):
			j.addEntry(record, segment.number, j.activeBytes)
		}
		j.activeBytes += headBytes + size
	}
	if err := file.Truncate(j.activeBytes); err != nil {
		return fmt.Errorf("cutting off what a crash left: %w", err)
	}
	return nil
}

// applyHeader goes on at the event with which a segment begins: events before it that aren't there were acknowledged.
func (j *Journal) applyHeader(body []byte) error {
	var header Header
	if err := json.Unmarshal(body, &header); err != nil {
		return fmt.Errorf("a journal's header: %w", err)
	}
	if len(header.Offsets) != len(j.Offsets) || len(header.Positions) != len(j.Positions) {
		return errors.New("a journal's headers contradict each other")
	}
	if header.NextEvent > j.NextEvent {
		j.entries, j.SpooledBytes, j.cached = nil, 0, 0
		j.NextEvent, j.AckedThrough = header.NextEvent, header.NextEvent-1
		j.Offsets, j.Positions, j.EventsRead = header.Offsets, header.Positions, header.EventsRead
		j.DataEnd = sum(j.Offsets)
	}
	return nil
}
