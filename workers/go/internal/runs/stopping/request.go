// Package stopping is how the end of something is asked for.
package stopping

import (
	"context"
	"sync"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// Request says why and how hard something is to be ended. It can only become more urgent: the first reason stands, the highest level
// counts.
type Request struct {
	made    chan struct{} // Closed when it is made.
	changed chan struct{} // Holds a token when it was made or became more urgent.

	mu     sync.Mutex
	reason contract.Reason
	level  processes.Level
	grace  *time.Duration
}

// NewRequest is one that isn't made.
func NewRequest() *Request {
	return &Request{made: make(chan struct{}), changed: make(chan struct{}, 1)}
}

// Make asks for the end; repeating a request changes nothing. grace, if not nil, replaces what the stop policy says.
func (r *Request) Make(reason contract.Reason, level processes.Level, grace *time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.reason == "":
		r.reason = reason
		close(r.made)
	case !r.level.IsBelow(level):
		return
	}
	r.level, r.grace = level, grace
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Changed gives a token when the request was made or became more urgent.
func (r *Request) Changed() <-chan struct{} { return r.changed }

// IsMade tells whether the end is asked for.
func (r *Request) IsMade() bool { return r.Reason() != "" }

// Reason is why; empty as long as it isn't made.
func (r *Request) Reason() contract.Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reason
}

// LevelAndGrace is how hard the end is asked for, and how long to wait at each level; nil leaves that to the policy.
func (r *Request) LevelAndGrace() (processes.Level, *time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.level, r.grace
}

// Context is one that ends when the request is made.
func (r *Request) Context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-r.made:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
