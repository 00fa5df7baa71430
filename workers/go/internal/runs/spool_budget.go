package runs

import "sync"

const (
	minSegmentBytes = 64 << 10
	maxSegmentBytes = 8 << 20
	// segmentsPerShare is how many segments fit into a command's share when the worker runs as many commands as it may.
	segmentsPerShare = 8
	// maxShares bounds what capacity counts for: few workers run as many commands as they may.
	maxShares = 128
)

// SpoolBudget is how much unacknowledged output of all runs may lie on disk. Running commands have equal shares of it.
type SpoolBudget struct {
	limit    int64
	capacity int64

	mu         sync.Mutex
	usedBytes  int64
	endedBytes int64 // The part of usedBytes that belongs to runs that have ended.
	shares     map[*spoolShare]bool
}

// spoolShare is a running command's part of the budget.
type spoolShare struct {
	budget   *SpoolBudget
	onChange func(int64) // Called with the new size whenever that changes; nil until onResize.
}

// NewSpoolBudget makes a budget of limit bytes, for a worker that runs at most capacity commands at once.
func NewSpoolBudget(limit int64, capacity uint32) *SpoolBudget {
	return &SpoolBudget{limit: limit, capacity: min(max(int64(capacity), 1), maxShares), shares: make(map[*spoolShare]bool)}
}

// Limit is the whole budget in bytes.
func (b *SpoolBudget) Limit() int64 { return b.limit }

// Used is how many bytes lie on disk, unacknowledged.
func (b *SpoolBudget) Used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.usedBytes
}

// segmentBytes is the size of the files that output lies in. Only whole ones are deleted, so that several must fit into a share.
func (b *SpoolBudget) segmentBytes() int64 {
	return min(max(b.limit/b.capacity/segmentsPerShare, minSegmentBytes), maxSegmentBytes)
}

// count adds bytes that were written (or, if negative, deleted) by a run that has ended or not.
func (b *SpoolBudget) count(bytes int64, hasEnded bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.usedBytes += bytes
	if hasEnded {
		b.endedBytes += bytes
	}
}

// endRun counts the bytes that a run had on disk when it ended.
func (b *SpoolBudget) endRun(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endedBytes += bytes
}

// acquire gives a command a share; those of the others become smaller.
func (b *SpoolBudget) acquire() *spoolShare {
	share := &spoolShare{budget: b}
	b.mu.Lock()
	b.shares[share] = true
	b.mu.Unlock()
	b.resizeShares()
	return share
}

// release gives the share back to the others.
func (s *spoolShare) release() {
	s.budget.mu.Lock()
	delete(s.budget.shares, s)
	s.budget.mu.Unlock()
	s.budget.resizeShares()
}

// onResize has callback called with the new size whenever the share changes.
func (s *spoolShare) onResize(callback func(int64)) {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	s.onChange = callback
}

func (s *spoolShare) bytes() int64 {
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	return s.budget.shareBytes()
}

// shareBytes is the size of one share. The caller holds the lock.
func (b *SpoolBudget) shareBytes() int64 {
	return max((b.limit-b.endedBytes)/max(int64(len(b.shares)), 1), b.segmentBytes())
}

func (b *SpoolBudget) resizeShares() {
	b.mu.Lock()
	bytes := b.shareBytes()
	var callbacks []func(int64)
	for each := range b.shares {
		if each.onChange != nil {
			callbacks = append(callbacks, each.onChange)
		}
	}
	b.mu.Unlock()
	for _, callback := range callbacks {
		callback(bytes)
	}
}
