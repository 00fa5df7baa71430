package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"buildledger/workers/go/internal/scratch"
)

var header = Header{
	RunID: "0123abcd-0000-4000-8000-000000000001", Attempt: 2, Cookie: "mark", BootID: "boot", Channels: []string{"stdout", "stderr"},
}

// begun is a journal with one event in it.
func begun(t *testing.T) *Journal {
	t.Helper()
	j := New(scratch.Dir(t), header)
	if err := j.Begin(event(j, "accepted"), NewRecord(KindStarting, nil)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

func event(j *Journal, body string) *Record {
	record := NewRecord(KindEvent, []byte(body))
	record.EventNo = j.NextEvent
	return record
}

// write appends output to a channel.
func write(t *testing.T, j *Journal, channel uint8, data []byte) {
	t.Helper()
	record := NewRecord(KindOutput, data)
	record.Channel, record.EventNo, record.Offset = channel, j.NextEvent, j.Offsets[channel]
	if err := j.Append(record); err != nil {
		t.Fatal(err)
	}
}

// adopted is the journal as the next process finds it.
func adopted(t *testing.T, j *Journal) *Journal {
	t.Helper()
	j.Close()
	found, err := Segments(j.Directory())
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	again, err := Adopt(j.Directory(), found[0], func(*Record) {})
	if err != nil || again == nil {
		t.Fatalf("%v, %v", again, err)
	}
	t.Cleanup(again.Close)
	return again
}

// Another process finds all that was written, whether it waited in memory or not.
func TestJournalIsAdopted(t *testing.T) {
	j := begun(t)
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	for range 40 {
		write(t, j, 1, chunk)
	}
	again := adopted(t, j)
	if again.NextEvent != 42 || again.Offsets[1] != 40*64<<10 || again.SpooledBytes != j.SpooledBytes {
		t.Errorf("%d, %v, %d", again.NextEvent, again.Offsets, again.SpooledBytes)
	}
	for no := uint64(2); no < 42; no++ {
		entry := again.Entry(no)
		if body, err := again.Body(entry); err != nil || !bytes.Equal(body, chunk) || entry.DataEnd != (no-1)*64<<10 {
			t.Fatalf("event %d: %d bytes, %v", no, len(body), err)
		}
	}
}

// What a crash left half written is cut off, and the journal goes on behind what is whole.
func TestTornTailIsCutOff(t *testing.T) {
	whole := begun(t)
	write(t, whole, 0, []byte("kept"))
	path := whole.path(0)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, whole, 0, []byte("torn"))
	for cut := info.Size() + 1; cut < info.Size()+headBytes+4; cut++ {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		other := scratch.Dir(t)
		if err := os.WriteFile(filepath.Join(other, filepath.Base(path)), content[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j := adopted(t, &Journal{directory: other})
		if j.NextEvent != 3 || j.Offsets[0] != 4 {
			t.Fatalf("cut at %d: next event %d", cut, j.NextEvent)
		}
		write(t, j, 0, []byte("new"))
		if again := adopted(t, j); again.Offsets[0] != 7 {
			t.Fatalf("cut at %d: %v", cut, again.Offsets)
		}
	}
}

// Segments that the server has are removed, except the first; what is left knows how far the attempt had come.
func TestAcknowledgedSegmentsAreRemoved(t *testing.T) {
	j := begun(t)
	for range 3 * segmentBytes / (240 << 10) {
		write(t, j, 0, make([]byte, 240<<10))
	}
	last := j.NextEvent - 1
	j.FreeThrough(last - 1)
	if files, _ := os.ReadDir(j.Directory()); len(files) != 2 {
		t.Errorf("%d segments are left", len(files))
	}
	if j.FirstUnacked() != last || j.SpooledBytes != 240<<10 || j.DataAcked() != j.DataEnd-240<<10 {
		t.Errorf("%d of %d, %d bytes", j.FirstUnacked(), last, j.SpooledBytes)
	}
	again := adopted(t, j)
	if again.NextEvent != j.NextEvent || again.DataEnd != j.DataEnd {
		t.Errorf("%d, %d; not %d, %d", again.NextEvent, again.DataEnd, j.NextEvent, j.DataEnd)
	}
}

// Events that the server has under the same numbers already get the next ones.
func TestEventsAreRenumbered(t *testing.T) {
	j := begun(t)
	write(t, j, 0, []byte("x"))
	j.FreeThrough(1)
	j.RenumberAfter(9)
	if j.FirstUnacked() != 10 || j.NextEvent != 11 || j.AckedThrough != 9 {
		t.Errorf("%d, %d, %d", j.FirstUnacked(), j.NextEvent, j.AckedThrough)
	}
}

// A journal whose header wasn't written tells of nothing that can have been started, and goes.
func TestEmptyJournalsAreRemoved(t *testing.T) {
	directory := scratch.Dir(t)
	name := filepath.Join(directory, header.RunID+".1.0.journal")
	if err := os.WriteFile(name, []byte("half a head"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Segments(directory)
	if err != nil {
		t.Fatal(err)
	}
	if j, err := Adopt(directory, found[0], func(*Record) {}); j != nil || err != nil {
		t.Errorf("%v, %v", j, err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("it is still there")
	}
}

// Whatever many ask for at once is durable when they are answered.
func TestSyncerServesMany(t *testing.T) {
	j := begun(t)
	syncer := NewSyncer(j.Directory())
	answers := make(chan error)
	for range 20 {
		go func() { answers <- syncer.Sync(j.ActiveFile()) }()
	}
	for range 20 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}
