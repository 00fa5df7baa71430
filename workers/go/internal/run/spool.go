package run

import "sync"

// Spool counts the unacknowledged output of all runs against its limit.
type Spool struct {
	limit int64

	mu   sync.Mutex
	used int64
	room chan struct{} // Closed when there is room again; nil while nobody waits.
}

// NewSpool makes one that is full at limit bytes.
func NewSpool(limit int64) *Spool { return &Spool{limit: limit} }

// Limit is when it is full.
func (s *Spool) Limit() int64 { return s.limit }

// Used is what lies on the disk, unacknowledged.
func (s *Spool) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// IsFull tells whether no more should be read from any run.
func (s *Spool) IsFull() bool { return s.Used() >= s.limit }

// change counts output that was written or freed.
func (s *Spool) change(by int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used += by
	// Not at once: a quarter of it is read in one go.
	if s.room != nil && s.used <= s.limit/4*3 {
		close(s.room)
		s.room = nil
	}
}

// whenThereIsRoom is closed as soon as reading may go on; nil if it may.
func (s *Spool) whenThereIsRoom() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used < s.limit {
		return nil
	}
	if s.room == nil {
		s.room = make(chan struct{})
	}
	return s.room
}
