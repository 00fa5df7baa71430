package supervision

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/testdir"
)

// newSpool is a directory with ten bytes of output of channel 1, in segments of four.
func newSpool(t *testing.T) (directory string, output []byte) {
	t.Helper()
	directory, output = testdir.New(t), []byte("0123456789")
	if err := os.Mkdir(filepath.Join(directory, contract.SpoolDirectory), 0o700); err != nil {
		t.Fatal(err)
	}
	for number := range int64(3) {
		segment := output[number*4 : min(number*4+4, 10)]
		if err := os.WriteFile(contract.SegmentPath(directory, 1, number), segment, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory, output
}

// Output is read across the borders of segments, and its end is found from any position.
func TestOutputIsReadAcrossSegments(t *testing.T) {
	directory, output := newSpool(t)
	reader := NewSpoolReader(directory, 4)
	defer reader.Close()
	for position := range uint64(11) {
		if end, err := reader.End(1, position); end != 10 || err != nil {
			t.Errorf("from %d: %d, %v", position, end, err)
		}
		data := make([]byte, 10-position)
		if err := reader.Read(1, data, position); err != nil || !bytes.Equal(data, output[position:]) {
			t.Errorf("from %d: %q, %v", position, data, err)
		}
	}
	if end, err := reader.End(0, 0); end != 0 || err != nil {
		t.Errorf("of another channel: %d, %v", end, err)
	}
}

// Only segments that lie wholly before a position are deleted.
func TestWholeSegmentsAreReclaimed(t *testing.T) {
	directory, _ := newSpool(t)
	reclaimer := NewSegmentReclaimer(directory, 4, 2)
	for _, each := range []struct {
		position uint64
		left     int
	}{{3, 3}, {7, 2}, {8, 1}, {10, 1}} {
		reclaimer.Reclaim(1, each.position)
		if left, _ := filepath.Glob(filepath.Join(directory, contract.SpoolDirectory, "1.*")); len(left) != each.left {
			t.Errorf("up to %d: %v", each.position, left)
		}
	}
}

// Events are read once, and a line that isn't whole yet is left for later.
func TestWholeLinesAreRead(t *testing.T) {
	directory := testdir.New(t)
	path := filepath.Join(directory, contract.EventsFile)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const first, second = `{"stopping":{"level":"kill","reason":"cancel"}}` + "\n", `{"gap":{"channel":1,"at":4,"bytes":2}}` + "\n"
	events := NewEventReader(directory, 0)
	defer events.Close()
	if lines, err := events.Next(); len(lines) != 0 || err != nil {
		t.Errorf("%v, %v", lines, err)
	}
	write(first + second[:9])
	lines, err := events.Next()
	if err != nil || len(lines) != 1 || lines[0].Stopping == nil || lines[0].End != int64(len(first)) {
		t.Fatalf("%+v, %v", lines, err)
	}
	write(first + second)
	later := NewEventReader(directory, lines[0].End)
	defer later.Close()
	for _, each := range []*EventReader{events, later} {
		if lines, err := each.Next(); err != nil || len(lines) != 1 || lines[0].Gap == nil || lines[0].Gap.At != 4 {
			t.Errorf("%+v, %v", lines, err)
		}
	}
}
