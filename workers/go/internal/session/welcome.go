package session

import (
	"errors"
	"fmt"
	"io"
	"time"

	"buildledger/workers/go/internal/hostinfo"
	pb "buildledger/workers/go/internal/workerv1"
)

func (s *Session) introduce(stream upDown) (*pb.Welcome, error) {
	if err := stream.Send(&pb.Up{Message: &pb.Up_Hello{Hello: s.hello()}}); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	first, err := stream.Recv()
	if err != nil {
		return nil, broken(err)
	}
	switch message := first.GetMessage().(type) {
	case *pb.Down_Welcome:
		return message.Welcome, nil
	case *pb.Down_Error:
		return nil, refused(message.Error)
	}
	return nil, &RefusedError{
		Code: pb.ErrorCode_ERROR_CODE_PROTOCOL_VIOLATION, Message: "the first message of the server isn't a welcome",
	}
}

func (s *Session) hello() *pb.Hello {
	hello := &pb.Hello{
		ProtoMin:      protocolVersion,
		ProtoMax:      protocolVersion,
		WorkerId:      s.standing.WorkerID,
		Name:          s.standing.Name,
		BootId:        s.shop.BootID,
		InstanceId:    s.standing.InstanceID,
		Os:            hostinfo.OS(),
		Arch:          hostinfo.Architecture(),
		Software:      s.standing.Software,
		Labels:        s.standing.Labels,
		Capacity:      s.standing.Capacity,
		Features:      s.shop.Features,
		Limits:        &pb.Limits{SpoolBytes: uint64(s.shop.Spool.Limit()), MessageBytes: 1 << 20},
		Encoding:      "utf-8",
		WorkDirectory: s.shop.WorkDir,
		LastEpoch:     s.standing.LastEpoch,
		Draining:      s.standing.Draining.Load() != nil,
	}
	for _, attempt := range s.holdings.All() {
		if summary := attempt.Summary(); summary != nil {
			hello.Runs = append(hello.Runs, summary)
		}
	}
	return hello
}

func (s *Session) establish(welcome *pb.Welcome) error {
	if welcome.GetEpoch() < s.standing.LastEpoch {
		return &RefusedError{
			Code:    pb.ErrorCode_ERROR_CODE_UNAVAILABLE,
			Message: fmt.Sprintf("the server is behind: epoch %d after %d", welcome.GetEpoch(), s.standing.LastEpoch),
		}
	}
	if welcome.GetProto() != protocolVersion {
		return &RefusedError{
			Code:    pb.ErrorCode_ERROR_CODE_PROTOCOL_VERSION,
			IsFatal: true,
			Message: fmt.Sprintf("the server chose protocol version %d, which wasn't offered", welcome.GetProto()),
		}
	}
	s.standing.LastEpoch = welcome.GetEpoch()
	s.heartbeat = defaultHeartbeat
	if asked := welcome.GetHeartbeat().AsDuration(); asked > 0 {
		s.heartbeat = min(max(asked, shortestBeat), longestBeat)
	}
	s.OrphanTTL = welcome.GetOrphanTtl().AsDuration()
	s.shop.SetOrphanTTL(s.OrphanTTL)
	var flush *time.Duration
	if welcome.GetFlush() != nil {
		flush = new(welcome.GetFlush().AsDuration())
	}
	s.shop.Batching.Set(welcome.GetChunkBytes(), flush)
	s.hear()
	s.isEstablished.Store(true)
	s.shop.IsHeard.Store(true)
	s.outbox.StartSession(s.holdings.All(), welcome.GetRunCreditBytes(), welcome.GetSessionCreditBytes())
	if reason := s.standing.Draining.Load(); reason != nil {
		s.outbox.Post(&pb.Up{Message: &pb.Up_DrainRequest{DrainRequest: &pb.DrainRequest{Reason: *reason}}})
	}
	s.OnEstablished(welcome.GetFeatures())
	s.shop.Log.Info("the session is established", "epoch", welcome.GetEpoch(), "server", welcome.GetServer())
	return nil
}
