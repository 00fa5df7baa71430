package journal

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"buildledger/workers/go/internal/testdir"
)

var header = Header{
	RunID: "0123abcd-0000-4000-8000-000000000001", Attempt: 2, Cookie: "mark", BootID: "boot", Channels: []string{"stdout", "stderr"},
}

// spool is what supervisors keep, by channel.
type spool map[int][]byte

func (s spool) Read(channel int, data []byte, position uint64) error {
	if uint64(len(s[channel])) < position+uint64(len(data)) {
		return io.ErrUnexpectedEOF
	}
	copy(data, s[channel][position:])
	return nil
}

// newJournal is a journal with one event in it.
func newJournal(t *testing.T) *Journal {
	t.Helper()
	j := New(testdir.New(t), header)
	j.Spool = spool{}
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

// write spools output of a channel and journals it.
func write(t *testing.T, j *Journal, channel int, data []byte) {
	t.Helper()
	record := NewOutputRecord(channel, j.Positions[channel], data)
	record.EventNo, record.Offset = j.NextEvent, j.Offsets[channel]
	kept := j.Spool.(spool)
	kept[channel] = append(kept[channel], data...)
	if err := j.Append(record); err != nil {
		t.Fatal(err)
	}
}

// reloaded is the journal as the next process finds it.
func reloaded(t *testing.T, j *Journal) *Journal {
	t.Helper()
	j.Close()
	found, err := FindJournals(j.directory)
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	again, err := Load(j.directory, found[0], func(*Record) {})
	if err != nil || again == nil {
		t.Fatalf("%v, %v", again, err)
	}
	again.Spool = j.Spool
	t.Cleanup(again.Close)
	return again
}

// Another process finds all that was written, whether it waited in memory or not.
func TestJournalIsReloaded(t *testing.T) {
	j := newJournal(t)
	chunk := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	for range 40 {
		write(t, j, 1, chunk)
	}
	again := reloaded(t, j)
	if again.NextEvent != 42 || again.Offsets[1] != 40*64<<10 || again.SpooledBytes != j.SpooledBytes {
		t.Errorf("%d, %v, %d", again.NextEvent, again.Offsets, again.SpooledBytes)
	}
	for no := uint64(2); no < 42; no++ {
		entry := again.Entry(no)
		if data, err := again.Output(entry); err != nil || !bytes.Equal(data, chunk) || entry.DataEnd != (no-1)*64<<10 {
			t.Fatalf("event %d: %d bytes, %v", no, len(data), err)
		}
	}
}

// A record that a crash left half written is cut off, and the next one is written in its place.
func TestTornTailIsCutOff(t *testing.T) {
	whole := newJournal(t)
	write(t, whole, 0, []byte("kept"))
	path := whole.path(0)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, whole, 0, []byte("torn"))
	for cut := info.Size() + 1; cut < info.Size()+headBytes+outputBytes; cut++ {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		other := testdir.New(t)
		if err := os.WriteFile(filepath.Join(other, filepath.Base(path)), content[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j := reloaded(t, &Journal{directory: other, Spool: spool{}})
		if j.NextEvent != 3 || j.Offsets[0] != 4 {
			t.Fatalf("cut at %d: next event %d", cut, j.NextEvent)
		}
		write(t, j, 0, []byte("new"))
		if again := reloaded(t, j); again.Offsets[0] != 7 {
			t.Fatalf("cut at %d: %v", cut, again.Offsets)
		}
	}
}

// Segments that the server has are removed, except the first; what is left knows how far the attempt had come.
func TestAcknowledgedSegmentsAreRemoved(t *testing.T) {
	j := newJournal(t)
	said := make([]byte, 240<<10)
	for range 3 * segmentBytes / len(said) {
		if err := j.Append(event(j, string(said))); err != nil {
			t.Fatal(err)
		}
	}
	write(t, j, 0, []byte("output"))
	write(t, j, 0, []byte("more"))
	last := j.NextEvent - 1
	j.ReleaseThrough(last - 1)
	if files, _ := os.ReadDir(j.directory); len(files) != 2 {
		t.Errorf("%d segments are left", len(files))
	}
	if j.FirstUnacked() != last || j.SpooledBytes != 4 || j.DataAcked() != 6 || j.Released[0] != 6 {
		t.Errorf("%d of %d, %d bytes, %d freed", j.FirstUnacked(), last, j.SpooledBytes, j.Released[0])
	}
	again := reloaded(t, j)
	if again.NextEvent != j.NextEvent || again.DataEnd != 10 || again.Positions[0] != 10 {
		t.Errorf("%d, %d; not %d, %d", again.NextEvent, again.DataEnd, j.NextEvent, j.DataEnd)
	}
}

// A gap counts as output, and what became known from the supervisor's events is known to another process.
func TestGapsAndEventsAreFollowed(t *testing.T) {
	j := newJournal(t)
	write(t, j, 1, []byte("before"))
	gap := NewGapRecord(1, 100)
	gap.EventNo, gap.Offset, gap.EventsRead = j.NextEvent, j.Offsets[1], 77
	if err := j.Append(gap); err != nil {
		t.Fatal(err)
	}
	write(t, j, 1, []byte("after"))
	again := reloaded(t, j)
	if again.Offsets[1] != 105 || again.Positions[1] != 11 || again.EventsRead != 77 || again.DataEnd != 105 {
		t.Errorf("%v, %v, %d, %d", again.Offsets, again.Positions, again.EventsRead, again.DataEnd)
	}
}

// Of what a crash of the machine has left, only what is in the journal and in the spool counts.
func TestDamagedOutputIsCutOff(t *testing.T) {
	j := newJournal(t)
	write(t, j, 0, []byte("whole"))
	write(t, j, 1, []byte("whole too"))
	write(t, j, 0, []byte("zeros"))
	write(t, j, 1, []byte("behind"))
	clear(j.Spool.(spool)[0][5:])
	again := reloaded(t, j)
	if err := again.DropDamaged(); err != nil {
		t.Fatal(err)
	}
	third := reloaded(t, again)
	for _, each := range []*Journal{again, third} {
		if each.NextEvent != 4 || each.Offsets[0] != 5 || each.Positions[1] != 9 || each.DataEnd != 14 || each.SpooledBytes != 22 {
			t.Errorf("%d, %v, %v, %d, %d", each.NextEvent, each.Offsets, each.Positions, each.DataEnd, each.SpooledBytes)
		}
	}
}

// Events that the server has under the same numbers already get the next ones.
func TestEventsAreRenumbered(t *testing.T) {
	j := newJournal(t)
	write(t, j, 0, []byte("x"))
	j.ReleaseThrough(1)
	j.RenumberAfter(9)
	if j.FirstUnacked() != 10 || j.NextEvent != 11 || j.AckedThrough != 9 {
		t.Errorf("%d, %d, %d", j.FirstUnacked(), j.NextEvent, j.AckedThrough)
	}
}

// A journal whose header isn't whole is removed: nothing can have been started.
func TestEmptyJournalsAreRemoved(t *testing.T) {
	directory := testdir.New(t)
	name := filepath.Join(directory, header.RunID+".1.0.journal")
	if err := os.WriteFile(name, []byte("half a head"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := FindJournals(directory)
	if err != nil {
		t.Fatal(err)
	}
	if j, err := Load(directory, found[0], func(*Record) {}); j != nil || err != nil {
		t.Errorf("%v, %v", j, err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("it is still there")
	}
}

// Whatever many ask for at once is durable when they are answered.
func TestGroupFsyncServesMany(t *testing.T) {
	j := newJournal(t)
	group := NewGroupFsync(j.directory)
	answers := make(chan error)
	for range 20 {
		go func() { answers <- group.Sync(j.ActiveFile()) }()
	}
	for range 20 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}
