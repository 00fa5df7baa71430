package run

import (
	"context"
	"sync"
	"time"

	pb "buildledger/workers/go/internal/workerv1"
)

// StopRequest says why and how hard a run is to be ended. It can only become more urgent: the first reason stands, the highest level
// counts.
type StopRequest struct {
	made   chan struct{} // Closed when it is made.
	raised chan struct{} // Holds a token when it was made or became more urgent.

	mu     sync.Mutex
	reason pb.ExitReason
	level  pb.StopLevel
	grace  *time.Duration
}

func newStopRequest() *StopRequest {
	return &StopRequest{made: make(chan struct{}), raised: make(chan struct{}, 1)}
}

// Make asks for the end; repeating a request changes nothing. grace, if not nil, replaces what the stop policy says.
func (s *StopRequest) Make(reason pb.ExitReason, level pb.StopLevel, grace *time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.reason == pb.ExitReason_EXIT_REASON_UNSPECIFIED:
		s.reason = reason
		close(s.made)
	case level <= s.level:
		return
	}
	s.level = max(s.level, level)
	s.grace = grace
	select {
	case s.raised <- struct{}{}:
	default:
	}
}

// IsMade tells whether the run is to be ended.
func (s *StopRequest) IsMade() bool { return s.Reason() != pb.ExitReason_EXIT_REASON_UNSPECIFIED }

// Reason is why; unspecified as long as it isn't made.
func (s *StopRequest) Reason() pb.ExitReason {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// urgency is how hard the run is to be ended, and how long to wait at each level; nil leaves that to the policy.
func (s *StopRequest) urgency() (pb.StopLevel, *time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.level, s.grace
}

// context is one that ends when the request is made.
func (s *StopRequest) context() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-s.made:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
