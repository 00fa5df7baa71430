package supervisor

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"buildledger/workers/go/internal/contract"
)

// spacePollInterval is how often it is checked whether segments of a full spool were deleted.
const spacePollInterval = 20 * time.Millisecond

// spoolBudget is how much output of a command may lie on disk. The worker makes space by deleting whole segments.
type spoolBudget struct {
	mu      sync.Mutex
	limit   int64
	minimum int64
	writers []*spoolWriter
}

func newSpoolBudget(spools []*spoolWriter, launch *contract.Launch) *spoolBudget {
	// Below the minimum there might be no whole segment that could be deleted.
	b := &spoolBudget{minimum: int64(len(spools)+1) * launch.SegmentBytes, writers: spools}
	b.setLimit(launch.SpoolBytes)
	return b
}

func (b *spoolBudget) setLimit(limit int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = max(limit, b.minimum)
}

// available is how many bytes may be written until the spool is full.
func (b *spoolBudget) available() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.limit
	for _, each := range b.writers {
		left -= each.storedBytes()
	}
	if left > 0 {
		return left
	}
	left = b.limit
	for _, each := range b.writers {
		each.findDeleted()
		left -= each.storedBytes()
	}
	return max(left, 0)
}

// waitForSpace waits until bytes may be written, and returns how many; 0 if closing is closed first.
func (b *spoolBudget) waitForSpace(closing <-chan struct{}) int64 {
	for {
		if left := b.available(); left > 0 {
			return left
		}
		timer := time.NewTimer(spacePollInterval)
		select {
		case <-closing:
			timer.Stop()
			return 0
		case <-timer.C:
		}
	}
}

// spoolWriter writes one channel's output to disk, in segments of equal size.
type spoolWriter struct {
	directory     string
	channel       int
	segmentBytes  int64
	position      atomic.Int64
	file          *os.File // The segment that is written to; nil before the first.
	oldestSegment int64    // Number of the first segment that isn't known to be deleted; guarded by the budget's lock.
}

// write appends data. After an error, so many bytes of it are written.
func (w *spoolWriter) write(data []byte) (written int, err error) {
	for len(data) > 0 {
		position := w.position.Load()
		offset := position % w.segmentBytes
		if offset == 0 {
			if err := w.openSegment(position / w.segmentBytes); err != nil {
				return written, err
			}
		}
		part := data[:min(int64(len(data)), w.segmentBytes-offset)]
		n, err := w.file.Write(part)
		w.position.Add(int64(n))
		written += n
		if err != nil {
			return written, err
		}
		data = data[n:]
	}
	return written, nil
}

// openSegment closes the current segment and creates the next.
func (w *spoolWriter) openSegment(number int64) error {
	w.close()
	file, err := os.OpenFile(contract.SegmentPath(w.directory, w.channel, number), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	w.file = file
	return err
}

func (w *spoolWriter) close() {
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
}

// storedBytes is how many bytes lie on disk, by what findDeleted has found.
func (w *spoolWriter) storedBytes() int64 {
	return max(w.position.Load()-w.oldestSegment*w.segmentBytes, 0)
}

// findDeleted checks which segments were deleted.
func (w *spoolWriter) findDeleted() {
	for whole := w.position.Load() / w.segmentBytes; w.oldestSegment < whole; w.oldestSegment++ {
		if _, err := os.Stat(contract.SegmentPath(w.directory, w.channel, w.oldestSegment)); !os.IsNotExist(err) {
			return
		}
	}
}
