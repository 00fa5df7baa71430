// Package stopping has requests to end a run or a command.
package stopping

import (
	"context"
	"sync"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// Request says that something is to end, why, and at which level of force. It can only become more urgent: the first reason stands,
// and the highest level counts. It is safe for concurrent use.
type Request struct {
	made    chan struct{} // Closed when the request is made.
	changed chan struct{} // Holds a token when the request was made or became more urgent.

	mu     sync.Mutex
	reason contract.Reason
	level  processes.Level
	grace  *time.Duration
}

// NewRequest is a request that isn't made yet.
func NewRequest() *Request {
	return &Request{made: make(chan struct{}), changed: make(chan struct{}, 1)}
}

// Make makes the request, or raises its level; a lower level or the same changes nothing. grace, if it isn't nil, replaces that of
// the stop policy's steps.
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

// IsMade reports whether the request is made.
func (r *Request) IsMade() bool { return r.Reason() != "" }

// Reason is the first reason; empty until the request is made.
func (r *Request) Reason() contract.Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reason
}

// LevelAndGrace are the highest level, and how long to wait at each step of the policy; nil: as the policy says.
func (r *Request) LevelAndGrace() (processes.Level, *time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.level, r.grace
}

// Context is a context that ends when the request is made.
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
