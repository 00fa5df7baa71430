package session

import "sync/atomic"

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
