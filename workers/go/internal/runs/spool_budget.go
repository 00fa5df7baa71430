package runs

import "sync"

const (
	smallestSegment = 64 << 10
	largestSegment  = 8 << 20
	// segmentsPerShare is how many segments fit into what one command may keep when the worker does all it can.
	segmentsPerShare = 8
	// mostShares are reckoned with, whatever capacity says: few workers do all that they might.
	mostShares = 128
)

// Spool shares the room for unacknowledged output among all runs.
type Spool struct {
	limit    int64
	capacity int64

	mu     sync.Mutex
	used   int64
	ended  int64 // What is used by runs that have ended.
	shares map[*share]bool
}

// share is a running command's part of the room.
type share struct {
	spool *Spool
	heard func(int64) // Tells the command how much it is; nil as long as nobody does.
}

// NewSpool makes one that is full at limit bytes, for a worker that does so many runs at once.
func NewSpool(limit int64, capacity uint32) *Spool {
	return &Spool{limit: limit, capacity: min(max(int64(capacity), 1), mostShares), shares: make(map[*share]bool)}
}

// Limit is when it is full.
func (s *Spool) Limit() int64 { return s.limit }

// Used is what lies on the disk, unacknowledged.
func (s *Spool) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// segmentBytes is the size of what is deleted at once. Several must fit into a share, since only whole ones can go.
func (s *Spool) segmentBytes() int64 {
	return min(max(s.limit/s.capacity/segmentsPerShare, smallestSegment), largestSegment)
}

// change counts output that was written or freed, by a run that has ended or not.
func (s *Spool) change(by int64, hasEnded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used += by
	if hasEnded {
		s.ended += by
	}
}

// end counts what a run that ends leaves behind.
func (s *Spool) end(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended += bytes
}

// join gives a command its share; the others get less.
func (s *Spool) join() *share {
	joined := &share{spool: s}
	s.mu.Lock()
	s.shares[joined] = true
	s.mu.Unlock()
	s.divide()
	return joined
}

// leave gives the share back to the others.
func (s *share) leave() {
	s.spool.mu.Lock()
	delete(s.spool.shares, s)
	s.spool.mu.Unlock()
	s.spool.divide()
}

// tell has the command told whenever its share changes.
func (s *share) tell(heard func(int64)) {
	s.spool.mu.Lock()
	defer s.spool.mu.Unlock()
	s.heard = heard
}

func (s *share) bytes() int64 {
	s.spool.mu.Lock()
	defer s.spool.mu.Unlock()
	return s.spool.each()
}

// each is the size of one share. The caller holds the lock.
func (s *Spool) each() int64 {
	return max((s.limit-s.ended)/max(int64(len(s.shares)), 1), s.segmentBytes())
}

func (s *Spool) divide() {
	s.mu.Lock()
	bytes := s.each()
	var all []func(int64)
	for each := range s.shares {
		if each.heard != nil {
			all = append(all, each.heard)
		}
	}
	s.mu.Unlock()
	for _, heard := range all {
		heard(bytes)
	}
}
