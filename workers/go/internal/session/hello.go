package session

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"buildledger/workers/go/internal/hostinfo"
	pb "buildledger/workers/go/internal/workerv1"
)

// introduce sends Hello and waits for Welcome.
func (s *Session) introduce(stream sessionStream) (*pb.Welcome, error) {
	if err := stream.Send(&pb.Up{Message: &pb.Up_Hello{Hello: s.hello()}}); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	first, err := stream.Recv()
	if err != nil {
		return nil, streamError(err)
	}
	switch message := first.GetMessage().(type) {
	case *pb.Down_Welcome:
		return message.Welcome, nil
	case *pb.Down_Error:
		return nil, refusedBy(message.Error)
	}
	return nil, &RefusedError{
		Code: pb.ErrorCode_ERROR_CODE_PROTOCOL_VIOLATION, Message: "the first message of the server isn't a welcome",
	}
}

// MachineHello is what any worker on this machine can say.
func MachineHello(bootID, workDir string, features []string) *pb.Hello {
	return &pb.Hello{
		ProtoMin:      protocolVersion,
		ProtoMax:      protocolVersion,
		BootId:        bootID,
		Os:            hostinfo.OS(),
		Arch:          hostinfo.Architecture(),
		Features:      features,
		Encoding:      "utf-8",
		WorkDirectory: workDir,
	}
}

// hello is what the worker says about itself and the attempts that it has.
func (s *Session) hello() *pb.Hello {
	hello := MachineHello(s.store.BootID, s.executor.WorkDir, append(slices.Clone(s.executor.Features), "ledger_head"))
	hello.InstanceId, hello.WorkerId, hello.Name = s.identity.InstanceID, s.identity.WorkerID, s.identity.Name
	hello.Software, hello.Labels, hello.Capacity = s.identity.Software, s.identity.Labels, s.identity.Capacity
	hello.Limits = &pb.Limits{SpoolBytes: uint64(s.store.Budget.Limit()), MessageBytes: 1 << 20}
	hello.LastEpoch, hello.LedgerHead = s.identity.LastEpoch, s.identity.LedgerHead.Kept()
	hello.Draining = s.identity.Draining.Load() != nil
	for _, attempt := range s.registry.All() {
		if summary := attempt.Summary(); summary != nil {
			hello.Runs = append(hello.Runs, summary)
		}
	}
	return hello
}

// establish takes over what the server has said in Welcome.
func (s *Session) establish(welcome *pb.Welcome) error {
	if welcome.GetEpoch() < s.identity.LastEpoch {
		return &RefusedError{
			Code:    pb.ErrorCode_ERROR_CODE_UNAVAILABLE,
			Message: fmt.Sprintf("the server is behind: epoch %d after %d", welcome.GetEpoch(), s.identity.LastEpoch),
		}
	}
	if welcome.GetProto() != protocolVersion {
		return &RefusedError{
			Code:    pb.ErrorCode_ERROR_CODE_PROTOCOL_VERSION,
			IsFatal: true,
			Message: fmt.Sprintf("the server chose protocol version %d, which wasn't offered", welcome.GetProto()),
		}
	}
	s.identity.LastEpoch = welcome.GetEpoch()
	s.identity.LedgerHead.Welcomed(welcome)
	s.heartbeat = defaultHeartbeat
	if interval := welcome.GetHeartbeat().AsDuration(); interval > 0 {
		s.heartbeat = min(max(interval, minHeartbeat), maxHeartbeat)
	}
	s.OrphanTTL = welcome.GetOrphanTtl().AsDuration()
	s.server.SetOrphanTTL(s.OrphanTTL)
	var flush *time.Duration
	if welcome.GetFlush() != nil {
		flush = new(welcome.GetFlush().AsDuration())
	}
	s.server.SetBatching(welcome.GetChunkBytes(), flush)
	s.noteReceived()
	s.isEstablished.Store(true)
	s.server.SetConnected(true)
	s.outbox.StartSession(s.registry.All(), welcome.GetRunCreditBytes(), welcome.GetSessionCreditBytes())
	if reason := s.identity.Draining.Load(); reason != nil {
		s.outbox.Post(&pb.Up{Message: &pb.Up_DrainRequest{DrainRequest: &pb.DrainRequest{Reason: *reason}}})
	}
	s.onEstablished(welcome.GetFeatures())
	s.log.Info("the session is established", "epoch", welcome.GetEpoch(), "server", welcome.GetServer())
	return nil
}
