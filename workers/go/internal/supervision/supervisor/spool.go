package supervisor

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"buildledger/workers/go/internal/contract"
)

// spacePollInterval is how often a full spool is looked at.
const spacePollInterval = 20 * time.Millisecond

// spoolBudget is how much output of a command may lie on the disk. The worker makes room by deleting whole segments.
type spoolBudget struct {
	mu      sync.Mutex
	limit   int64
	minimum int64
	writers []*spoolWriter
}

func newSpoolBudget(spools []*spoolWriter, launch *contract.Launch) *spoolBudget {
	// Below that there might be no whole segment that could be deleted.
	r := &spoolBudget{minimum: int64(len(spools)+1) * launch.SegmentBytes, writers: spools}
	r.setLimit(launch.SpoolBytes)
	return r
}

func (r *spoolBudget) setLimit(limit int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = max(limit, r.minimum)
}

// available is how many bytes may be written before the spool is full.
func (r *spoolBudget) available() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := r.limit
	for _, each := range r.writers {
		left -= each.storedBytes()
	}
	if left > 0 {
		return left
	}
	left = r.limit
	for _, each := range r.writers {
		each.findDeleted()
		left -= each.storedBytes()
	}
	return max(left, 0)
}

// waitForSpace returns how many bytes may be written, as soon as there are any; 0 if closing comes first.
func (r *spoolBudget) waitForSpace(closing <-chan struct{}) int64 {
	for {
		if left := r.available(); left > 0 {
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

// spoolWriter is one channel's output on the disk, in segments of equal size.
type spoolWriter struct {
	directory     string
	channel       int
	segmentBytes  int64
	position      atomic.Int64
	file          *os.File // The segment that is written to.
	oldestSegment int64    // Number of the first segment that wasn't deleted when somebody looked; guarded by the room.
}

// write appends data. After an error, written bytes of it are there.
func (s *spoolWriter) write(data []byte) (written int, err error) {
	for len(data) > 0 {
		position := s.position.Load()
		offset := position % s.segmentBytes
		if offset == 0 {
			if err := s.openSegment(position / s.segmentBytes); err != nil {
				return written, err
			}
		}
		part := data[:min(int64(len(data)), s.segmentBytes-offset)]
		n, err := s.file.Write(part)
		s.position.Add(int64(n))
		written += n
		if err != nil {
			return written, err
		}
		data = data[n:]
	}
	return written, nil
}

func (s *spoolWriter) openSegment(number int64) error {
	s.close()
	file, err := os.OpenFile(contract.SegmentPath(s.directory, s.channel, number), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	s.file = file
	return err
}

func (s *spoolWriter) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// storedBytes is how many bytes lie on the disk, as far as is known.
func (s *spoolWriter) storedBytes() int64 {
	return max(s.position.Load()-s.oldestSegment*s.segmentBytes, 0)
}

// findDeleted finds out which segments were deleted.
func (s *spoolWriter) findDeleted() {
	for whole := s.position.Load() / s.segmentBytes; s.oldestSegment < whole; s.oldestSegment++ {
		if _, err := os.Stat(contract.SegmentPath(s.directory, s.channel, s.oldestSegment)); !os.IsNotExist(err) {
			return
		}
	}
}
