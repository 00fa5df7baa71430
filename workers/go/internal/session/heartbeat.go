package session

import (
	"context"
	"fmt"
	"time"

	"buildledger/workers/go/internal/hostinfo"
	pb "buildledger/workers/go/internal/workerv1"
)

// keepAlive sends heartbeats, and notices when the server is gone.
func (s *Session) keepAlive(ctx context.Context, _ upDown) error {
	// Looked at twice as often, so that silence is noticed in time.
	ticker := time.NewTicker(s.heartbeat / 2)
	defer ticker.Stop()
	for beats := uint64(0); ; beats++ {
		if beats%2 == 0 {
			s.outbox.Post(&pb.Up{Message: &pb.Up_Heartbeat{Heartbeat: s.beat(beats/2 + 1)}})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		if silent := time.Since(*s.heardAt.Load()); silent > time.Duration(float64(s.heartbeat)*silentHeartbeats) {
			return fmt.Errorf("%w: nothing was heard from it for %v", ErrSilent, silent.Round(time.Second))
		}
		if since := s.writingSince.Load(); since != nil && time.Since(*since) > writeTimeout {
			return fmt.Errorf("%w: it has taken nothing for %v", ErrSilent, writeTimeout)
		}
	}
}

func (s *Session) beat(number uint64) *pb.Heartbeat {
	beat := &pb.Heartbeat{
		N:             number,
		DiskFreeBytes: hostinfo.FreeBytes(s.shop.WorkDir),
		SpooledBytes:  uint64(max(s.shop.Spool.Used(), 0)),
	}
	if load, isKnown := hostinfo.LoadAverage(); isKnown {
		beat.Load = &load
	}
	for _, attempt := range s.holdings.All() {
		switch attempt.State() {
		case pb.RunState_RUN_STATE_RUNNING, pb.RunState_RUN_STATE_STOPPING:
			beat.Running = append(beat.Running, &pb.RunRef{RunId: attempt.RunID, Attempt: attempt.Key.Attempt})
		}
	}
	return beat
}
