package supervision

import (
	"os"

	"buildledger/workers/go/internal/contract"
)

// SegmentReclaimer deletes the segments of a supervisor's spool that the server has acknowledged.
type SegmentReclaimer struct {
	directory    string
	segmentBytes int64
	next         []int64 // By channel: number of the first segment that isn't deleted yet.
}

// NewSegmentReclaimer deletes in a supervisor's directory.
func NewSegmentReclaimer(directory string, segmentBytes int64, channels int) *SegmentReclaimer {
	return &SegmentReclaimer{directory: directory, segmentBytes: segmentBytes, next: make([]int64, channels)}
}

// Reclaim deletes the segments of a channel that lie wholly before position.
func (r *SegmentReclaimer) Reclaim(channel int, position uint64) {
	for ; (r.next[channel]+1)*r.segmentBytes <= int64(position); r.next[channel]++ {
		// What can't be deleted goes with the directory.
		_ = os.Remove(contract.SegmentPath(r.directory, channel, r.next[channel]))
	}
}
