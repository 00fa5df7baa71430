package session

import (
	"context"
	"fmt"
	"time"

	pb "buildledger/workers/go/internal/workerv1"
)

// sendHeartbeats sends heartbeats, and notices when the server is gone.
func (s *Session) sendHeartbeats(ctx context.Context, _ sessionStream) error {
	// Twice as often as heartbeats are sent, so that silence is noticed in time.
	ticker := time.NewTicker(s.heartbeat / 2)
	defer ticker.Stop()
	for ticks := uint64(0); ; ticks++ {
		if ticks%2 == 0 {
			s.outbox.Post(&pb.Up{Message: &pb.Up_Heartbeat{Heartbeat: s.newHeartbeat(ticks/2 + 1)}})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		if silent := time.Since(*s.lastReceivedAt.Load()); silent > time.Duration(float64(s.heartbeat)*silentHeartbeats) {
			return fmt.Errorf("%w: nothing was heard from it for %v", ErrSilent, silent.Round(time.Second))
		}
		if since := s.writingSince.Load(); since != nil && time.Since(*since) > writeTimeout {
			return fmt.Errorf("%w: it has taken nothing for %v", ErrSilent, writeTimeout)
		}
	}
}

// newHeartbeat is the heartbeat with a number, from 1 in each session.
func (s *Session) newHeartbeat(number uint64) *pb.Heartbeat {
	stats := s.executor.HeartbeatStats()
	heartbeat := &pb.Heartbeat{
		N:             number,
		Load:          stats.Load,
		DiskFreeBytes: stats.DiskFreeBytes,
		SpooledBytes:  uint64(max(s.store.Budget.Used(), 0)),
	}
	for _, attempt := range s.registry.All() {
		switch attempt.State() {
		case pb.RunState_RUN_STATE_RUNNING, pb.RunState_RUN_STATE_STOPPING:
			heartbeat.Running = append(heartbeat.Running, &pb.RunRef{RunId: attempt.RunID, Attempt: attempt.Key.Attempt})
		}
	}
	return heartbeat
}
