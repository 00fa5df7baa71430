package session

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
)

// Identity is what the worker says about itself in each session. Its fields are set before the first session, or by the goroutine
// that runs the sessions.
type Identity struct {
	Name       string
	InstanceID string
	WorkerID   string
	Software   string
	Labels     map[string]string
	Capacity   uint32
	LastEpoch  uint64
	LedgerHead *LedgerHeadFile
	// Draining is why no new work is taken; nil while it is taken.
	Draining atomic.Pointer[string]
}

// NewInstanceID is a random UUID, for one start of a worker.
func NewInstanceID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // Never fails.
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
