package supervisor

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"buildledger/workers/go/internal/contract"
)

// roomInterval is how often a full spool is looked at.
const roomInterval = 20 * time.Millisecond

// room is how much output of a command may lie on the disk. The worker makes room by deleting whole segments.
type room struct {
	mu     sync.Mutex
	limit  int64
	least  int64
	spools []*spool
}

func newRoom(spools []*spool, launch *contract.Launch) *room {
	// Below that there might be no whole segment that could be deleted.
	r := &room{least: int64(len(spools)+1) * launch.SegmentBytes, spools: spools}
	r.setLimit(launch.SpoolBytes)
	return r
}

func (r *room) setLimit(limit int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit = max(limit, r.least)
}

// left is how many bytes may be written before the spool is full.
func (r *room) left() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := r.limit
	for _, each := range r.spools {
		left -= each.undeleted()
	}
	if left > 0 {
		return left
	}
	left = r.limit
	for _, each := range r.spools {
		each.look()
		left -= each.undeleted()
	}
	return max(left, 0)
}

// wait returns how many bytes may be written, as soon as there are any; 0 if closing comes first.
func (r *room) wait(closing <-chan struct{}) int64 {
	for {
		if left := r.left(); left > 0 {
			return left
		}
		timer := time.NewTimer(roomInterval)
		select {
		case <-closing:
			timer.Stop()
			return 0
		case <-timer.C:
		}
	}
}

// spool is one channel's output on the disk, in segments of equal size.
type spool struct {
	directory    string
	channel      int
	segmentBytes int64
	position     atomic.Int64
	file         *os.File // The segment that is written to.
	oldest       int64    // Number of the first segment that wasn't deleted when somebody looked; guarded by the room.
}

// write appends data. After an error, written bytes of it are there.
func (s *spool) write(data []byte) (written int, err error) {
	for len(data) > 0 {
		position := s.position.Load()
		offset := position % s.segmentBytes
		if offset == 0 {
			if err := s.next(position / s.segmentBytes); err != nil {
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

func (s *spool) next(number int64) error {
	s.close()
	file, err := os.OpenFile(contract.SegmentPath(s.directory, s.channel, number), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	s.file = file
	return err
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}

// undeleted is how many bytes lie on the disk, as far as is known.
func (s *spool) undeleted() int64 { return max(s.position.Load()-s.oldest*s.segmentBytes, 0) }

// look finds out which segments were deleted.
func (s *spool) look() {
	for whole := s.position.Load() / s.segmentBytes; s.oldest < whole; s.oldest++ {
		if _, err := os.Stat(contract.SegmentPath(s.directory, s.channel, s.oldest)); !os.IsNotExist(err) {
			return
		}
	}
}
