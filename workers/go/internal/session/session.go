// Package session holds the worker's sessions with the server, one stream after the other: it sends what happens in runs, and
// converges the attempts that the worker has to what the server wants.
package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"buildledger/workers/go/internal/journal/buffers"
	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	protocolVersion  = 1
	welcomeTimeout   = 15 * time.Second
	defaultHeartbeat = 10 * time.Second
	minHeartbeat     = time.Second
	maxHeartbeat     = time.Minute
	// silentHeartbeats without a message from the server end the session: within 35 s at the default interval.
	silentHeartbeats = 2.5
	writeTimeout     = 30 * time.Second
	goodbyeTimeout   = 2 * time.Second
	firstAckTimeout  = 3 * time.Second
)

// Options are what all sessions of a worker share.
type Options struct {
	Identity *Identity
	Registry *AttemptRegistry
	Outbox   *Outbox
	Executor *runs.LocalExecutor
	Store    *runs.AttemptStore
	Server   *runs.ServerSettings
	Log      *slog.Logger
	// OnEstablished is called when the server has sent Welcome, with the optional features that it offers.
	OnEstablished func(features []string)
}

// Session is one stream to the server, from Hello to its end.
type Session struct {
	// OrphanTTL and ReconnectTo are what the server has said; valid after Run.
	OrphanTTL   time.Duration
	ReconnectTo string
	// Ended is closed when Run returns.
	Ended chan struct{}

	identity      *Identity
	registry      *AttemptRegistry
	outbox        *Outbox
	executor      *runs.LocalExecutor
	store         *runs.AttemptStore
	server        *runs.ServerSettings
	log           *slog.Logger
	onEstablished func(features []string)

	isEstablished  atomic.Bool
	isLeaving      atomic.Bool
	lastReceivedAt atomic.Pointer[time.Time]
	writingSince   atomic.Pointer[time.Time]
	heartbeat      time.Duration
}

// New prepares a session.
func New(options Options) *Session {
	return &Session{
		Ended:         make(chan struct{}),
		identity:      options.Identity,
		registry:      options.Registry,
		outbox:        options.Outbox,
		executor:      options.Executor,
		store:         options.Store,
		server:        options.Server,
		log:           options.Log,
		onEstablished: options.OnEstablished,
	}
}

// IsEstablished reports whether the server has sent Welcome.
func (s *Session) IsEstablished() bool { return s.isEstablished.Load() }

// SayGoodbye ends the session on purpose.
func (s *Session) SayGoodbye(reason string) {
	if !s.isLeaving.Swap(true) {
		s.outbox.Post(&pb.Up{Message: &pb.Up_Goodbye{Goodbye: &pb.Goodbye{Reason: reason}}})
	}
}

// Run holds the session until it ends: nil if that was on purpose.
func (s *Session) Run(ctx context.Context, connection *grpc.ClientConn) error {
	defer close(s.Ended)
	defer s.server.SetConnected(false)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(welcomeTimeout, func() {
		cancel(fmt.Errorf("%w: it accepted the connection and doesn't answer", ErrSilent))
	})
	stream, err := pb.NewWorkerClient(connection).Session(ctx)
	if err != nil {
		timer.Stop()
		return err
	}
	welcome, err := s.introduce(stream)
	timer.Stop()
	if err != nil {
		return causeOr(ctx, err)
	}
	if err := s.establish(welcome); err != nil {
		return err
	}
	firstAck := time.AfterFunc(firstAckTimeout, s.registry.StopAwaitingAcks)
	defer firstAck.Stop()
	return s.exchange(ctx, cancel, stream)
}

// exchange receives, sends and sends heartbeats, all at once. The first of the three that ends, ends the others.
func (s *Session) exchange(ctx context.Context, cancel context.CancelCauseFunc, stream sessionStream) error {
	tasks := []func(context.Context, sessionStream) error{s.receive, s.send, s.sendHeartbeats}
	results := make(chan error, len(tasks))
	for _, task := range tasks {
		go func() { results <- task(ctx, stream) }()
	}
	err := <-results
	cancel(err)
	for range len(tasks) - 1 {
		<-results
	}
	if errors.Is(err, errGoodbye) {
		return nil
	}
	return err
}

// sessionStream is the stream of a session.
type sessionStream = grpc.BidiStreamingClient[pb.Up, pb.Down]

// causeOr is the cause for which ctx was cancelled, if it was; otherwise err.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// receive does what the server says, until the stream ends.
func (s *Session) receive(_ context.Context, stream sessionStream) error {
	for {
		down, err := stream.Recv()
		if err != nil {
			if s.isLeaving.Load() {
				return errGoodbye
			}
			return streamError(err)
		}
		s.noteReceived()
		switch message := down.GetMessage().(type) {
		case *pb.Down_Desired:
			if message.Desired.GetEpoch() >= s.identity.LastEpoch {
				s.registry.Apply(message.Desired)
			}
		case *pb.Down_Progress:
			for _, ack := range message.Progress.GetAcks() {
				s.registry.Acknowledge(ack)
			}
			for _, credit := range message.Progress.GetCredits() {
				s.registry.Credit(credit)
			}
		case *pb.Down_HeartbeatReply:
			s.identity.LedgerHead.Told(message.HeartbeatReply.GetLedgerHead())
		case *pb.Down_Drain:
			// Whatever isn't sent or acknowledged yet is sent on the next stream.
			s.ReconnectTo = message.Drain.GetReconnectTo()
			s.SayGoodbye("drained")
		case *pb.Down_Error:
			return refusedBy(message.Error)
		}
	}
}

// send sends what the outbox has, until the session ends.
func (s *Session) send(ctx context.Context, stream sessionStream) error {
	for {
		message, err := s.outbox.Next(ctx)
		if err != nil {
			return err
		}
		s.writingSince.Store(new(time.Now()))
		err = stream.Send(message)
		s.writingSince.Store(nil)
		releaseBuffers(message)
		if errors.Is(err, io.EOF) {
			// The stream is broken; receive gets the reason.
			<-ctx.Done()
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if message.GetGoodbye() != nil {
			return s.waitForServer(ctx, stream)
		}
	}
}

// releaseBuffers gives back the buffers of a message, which Send has copied.
func releaseBuffers(message *pb.Up) {
	for _, event := range message.GetEvents().GetEvents() {
		if output := event.GetOutput(); output != nil {
			buffers.Put(output.Data)
			output.Data = nil
		}
	}
}

// waitForServer gives the server time to end the stream after a goodbye. If it doesn't, the worker does.
func (s *Session) waitForServer(ctx context.Context, stream sessionStream) error {
	if err := stream.CloseSend(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(goodbyeTimeout):
	}
	return errGoodbye
}

func (s *Session) noteReceived() { s.lastReceivedAt.Store(new(time.Now())) }
