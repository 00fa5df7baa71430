package session

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	shortestBeat     = time.Second
	longestBeat      = time.Minute
	// A peer that is gone without a word is noticed within 35 s at the usual interval.
	silentHeartbeats = 2.5
	writeTimeout     = 30 * time.Second
	goodbyeWait      = 2 * time.Second
	firstAckWait     = 3 * time.Second
)

// Standing is what outlives a session. Its fields are set before the first session or by sessions, one at a time.
type Standing struct {
	Name       string
	InstanceID string
	WorkerID   string
	Software   string
	Labels     map[string]string
	Capacity   uint32
	LastEpoch  uint64
	// Draining is why no new work is taken; nil as long as it is.
	Draining atomic.Pointer[string]
}

// RefusedError says that the server ended the session with a reason.
type RefusedError struct {
	Code       pb.ErrorCode
	IsFatal    bool
	RetryAfter time.Duration
	Message    string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// ErrSilent is returned when nothing was heard from the server for too long, or it doesn't take what is sent.
var ErrSilent = errors.New("the server is silent")

// errLeft ends a session on purpose.
var errLeft = errors.New("left")

// Session is one stream.
type Session struct {
	shop     *runs.Workshop
	holdings *Holdings
	outbox   *Outbox
	standing *Standing

	// OnEstablished is called when the server has said welcome, with the optional features it offers.
	OnEstablished func(features []string)
	// OrphanTTL and ReconnectTo are what the server said; valid after Run.
	OrphanTTL   time.Duration
	ReconnectTo string
	// Ended is closed when Run returns.
	Ended chan struct{}

	isEstablished atomic.Bool
	isLeaving     atomic.Bool
	heardAt       atomic.Pointer[time.Time]
	writingSince  atomic.Pointer[time.Time]
	heartbeat     time.Duration
}

// New prepares a session.
func New(shop *runs.Workshop, holdings *Holdings, outbox *Outbox, standing *Standing) *Session {
	return &Session{shop: shop, holdings: holdings, outbox: outbox, standing: standing, Ended: make(chan struct{})}
}

// IsEstablished tells whether the server has said welcome.
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
	defer s.shop.IsHeard.Store(false)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	impatience := time.AfterFunc(welcomeTimeout, func() {
		cancel(fmt.Errorf("%w: it accepted the connection and doesn't answer", ErrSilent))
	})
	stream, err := pb.NewWorkerClient(connection).Session(ctx)
	if err != nil {
		impatience.Stop()
		return err
	}
	welcome, err := s.introduce(stream)
	impatience.Stop()
	if err != nil {
		return orCause(ctx, err)
	}
	if err := s.establish(welcome); err != nil {
		return err
	}
	patience := time.AfterFunc(firstAckWait, s.holdings.AwaitNoAcks)
	defer patience.Stop()
	return s.converse(ctx, cancel, stream)
}

// converse does the three things of a session at once; the first that ends, ends the others.
func (s *Session) converse(ctx context.Context, cancel context.CancelCauseFunc, stream upDown) error {
	tasks := []func(context.Context, upDown) error{s.receive, s.send, s.keepAlive}
	results := make(chan error, len(tasks))
	for _, task := range tasks {
		go func() { results <- task(ctx, stream) }()
	}
	err := <-results
	cancel(err)
	for range len(tasks) - 1 {
		<-results
	}
	if errors.Is(err, errLeft) {
		return nil
	}
	return err
}

// upDown is the stream of a session.
type upDown = grpc.BidiStreamingClient[pb.Up, pb.Down]

// orCause is the cause for which ctx was ended, if it was; otherwise err.
func orCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// receive does what the server says; the end of the stream after a goodbye is what was wanted.
func (s *Session) receive(_ context.Context, stream upDown) error {
	for {
		down, err := stream.Recv()
		if err != nil {
			if s.isLeaving.Load() {
				return errLeft
			}
			return broken(err)
		}
		s.hear()
		switch message := down.GetMessage().(type) {
		case *pb.Down_Desired:
			if message.Desired.GetEpoch() >= s.standing.LastEpoch {
				s.holdings.Apply(message.Desired)
			}
		case *pb.Down_Progress:
			for _, ack := range message.Progress.GetAcks() {
				s.holdings.Acknowledge(ack)
			}
			for _, credit := range message.Progress.GetCredits() {
				s.holdings.Credit(credit)
			}
		case *pb.Down_Drain:
			// Whatever isn't sent or acknowledged yet is sent on the next stream.
			s.ReconnectTo = message.Drain.GetReconnectTo()
			s.SayGoodbye("drained")
		case *pb.Down_Error:
			return refused(message.Error)
		}
	}
}

func (s *Session) send(ctx context.Context, stream upDown) error {
	for {
		message, err := s.outbox.Next(ctx)
		if err != nil {
			return err
		}
		s.writingSince.Store(new(time.Now()))
		err = stream.Send(message)
		s.writingSince.Store(nil)
		recycle(message)
		if errors.Is(err, io.EOF) {
			// The stream is broken; receive learns why.
			<-ctx.Done()
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if message.GetGoodbye() != nil {
			return s.wait(ctx, stream)
		}
	}
}

// recycle gives back the buffers of a message that was copied on its way to the connection.
func recycle(message *pb.Up) {
	for _, event := range message.GetEvents().GetEvents() {
		if output := event.GetOutput(); output != nil {
			buffers.Put(output.Data)
			output.Data = nil
		}
	}
}

// wait gives the server time to end the stream after a goodbye; if it doesn't, so be it.
func (s *Session) wait(ctx context.Context, stream upDown) error {
	if err := stream.CloseSend(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(goodbyeWait):
	}
	return errLeft
}

func (s *Session) hear() { s.heardAt.Store(new(time.Now())) }

func refused(err *pb.Error) error {
	return &RefusedError{
		Code: err.GetCode(), IsFatal: err.GetFatal(), RetryAfter: err.GetRetryAfter().AsDuration(), Message: err.GetMessage(),
	}
}

// broken is why a stream has ended although nobody said so.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the server ended the stream without a word")
	}
	return err
}
