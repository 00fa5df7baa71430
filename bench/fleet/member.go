package main

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"buildledger/workers/go/internal/transport/backoff"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	software         = "buildledger-fleet/1"
	defaultHeartbeat = 10 * time.Second
	silentHeartbeats = 2.5
	lineEvery        = time.Second
	welcomeTimeout   = 15 * time.Second
)

// What a plain step asks of a worker. A held run writes a line a second until it is told to end, so it keeps any limit.
var features = []string{"merge_stderr", "log_limit", "timeouts"}

// member is one worker. Its runs outlive its sessions; all of it belongs to the goroutine of keepSession.
type member struct {
	server, name, token string
	workerID, bearer    string
	instance            string
	now                 *standing
	end                 <-chan struct{}
	epoch               uint64
	runs                map[string]*heldRun
}

func newMember(server, name, token string, now *standing, end <-chan struct{}) *member {
	return &member{
		server: server, name: name, token: token, now: now, end: end,
		instance: strconv.FormatUint(rand.Uint64(), 36), runs: make(map[string]*heldRun),
	}
}

// keepSession connects again and again, with the delays of a real worker.
func (m *member) keepSession(ctx context.Context) {
	for wait := new(backoff.Backoff); ctx.Err() == nil; {
		if m.session(ctx) {
			wait.Succeeded()
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait.Next()):
		}
	}
}

// session holds one stream to its end; it tells whether the server said welcome.
func (m *member) session(ctx context.Context) bool {
	connection, err := dial(m.server)
	if err != nil {
		return false
	}
	defer connection.Close()
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+m.bearer))
	defer cancel()
	impatience := time.AfterFunc(welcomeTimeout, cancel)
	stream, err := pb.NewWorkerClient(connection).Session(ctx)
	if err != nil || stream.Send(&pb.Up{Message: &pb.Up_Hello{Hello: m.hello()}}) != nil {
		return false
	}
	first, err := stream.Recv()
	impatience.Stop()
	if err != nil || first.GetWelcome() == nil {
		return false
	}
	m.now.Connected.Add(1)
	m.now.Sessions.Add(1)
	defer m.now.Connected.Add(-1)
	m.epoch = first.GetWelcome().GetEpoch()
	heartbeat := first.GetWelcome().GetHeartbeat().AsDuration()
	if heartbeat <= 0 {
		heartbeat = defaultHeartbeat
	}
	m.converse(ctx, stream, heartbeat)
	return true
}

func (m *member) hello() *pb.Hello {
	hello := &pb.Hello{
		ProtoMin: 1, ProtoMax: 1, WorkerId: m.workerID, Name: m.name, BootId: "fleet", InstanceId: m.instance,
		Os: "linux", Arch: "x86_64", Software: software, Capacity: 1, Features: features,
		Limits: &pb.Limits{SpoolBytes: 1 << 20, MessageBytes: 1 << 20}, Encoding: "utf-8", WorkDirectory: "/", LastEpoch: m.epoch,
	}
	for _, run := range m.runs {
		hello.Runs = append(hello.Runs, run.summary())
	}
	return hello
}

// converse does what the server says and reports what happens, until the stream ends.
func (m *member) converse(ctx context.Context, stream grpc.BidiStreamingClient[pb.Up, pb.Down], heartbeat time.Duration) {
	heard := make(chan *pb.Down)
	go func() {
		defer close(heard)
		for {
			down, err := stream.Recv()
			if err != nil {
				return
			}
			select {
			case heard <- down:
			case <-ctx.Done():
				return
			}
		}
	}()
	for _, run := range m.runs {
		run.startSession()
	}
	beat, heardAt, number, end := time.NewTicker(heartbeat), time.Now(), uint64(0), m.end
	defer beat.Stop()
	var lines <-chan time.Time
	for {
		if up := m.events(); up != nil {
			if stream.Send(up) != nil {
				return
			}
		}
		if len(m.runs) > 0 && lines == nil {
			lines = time.After(lineEvery)
		}
		select {
		case down, isOpen := <-heard:
			if !isOpen || down.GetError() != nil || down.GetDrain() != nil {
				return
			}
			heardAt = time.Now()
			m.hear(down)
		case <-beat.C:
			if time.Since(heardAt) > time.Duration(float64(heartbeat)*silentHeartbeats) {
				return
			}
			number++
			if stream.Send(&pb.Up{Message: &pb.Up_Heartbeat{Heartbeat: &pb.Heartbeat{N: number}}}) != nil {
				return
			}
			m.now.Beats.Add(1)
		case <-lines:
			lines = nil
			for _, run := range m.runs {
				run.writeLine()
			}
		case <-end:
			end = nil
			for _, run := range m.runs {
				run.exit()
			}
		}
	}
}

// events is what the runs have to say, if anything.
func (m *member) events() *pb.Up {
	var events []*pb.RunEvent
	for _, run := range m.runs {
		events = append(events, run.unsent()...)
	}
	if len(events) == 0 {
		return nil
	}
	return &pb.Up{Message: &pb.Up_Events{Events: &pb.RunEvents{Events: events}}}
}

func (m *member) hear(down *pb.Down) {
	for _, ack := range down.GetProgress().GetAcks() {
		run := m.runs[ack.GetRunId()]
		if run == nil {
			continue
		}
		run.acknowledge(ack)
		if ack.GetRelease() {
			m.forget(run)
		}
	}
	desired := down.GetDesired()
	if desired == nil {
		return
	}
	named := make(map[string]bool)
	for _, each := range desired.GetRuns() {
		named[each.GetRunId()] = true
		m.converge(each)
	}
	for id, run := range m.runs {
		if desired.GetFull() && !named[id] {
			m.lose(run)
		}
	}
}

// converge starts a run, or loses it: this worker keeps what it was given, so a server that gives it up has lost it.
func (m *member) converge(wanted *pb.DesiredRun) {
	run := m.runs[wanted.GetRunId()]
	switch {
	case run == nil && wanted.GetWant() == pb.Want_WANT_RUN && wanted.GetSpec() != nil:
		run = newRun(wanted)
		m.runs[run.id] = run
		m.now.Runs.Add(1)
		select {
		case <-m.end:
			run.exit()
		default:
		}
	case run != nil && wanted.GetWant() == pb.Want_WANT_RELEASE:
		m.forget(run)
	case run != nil && wanted.GetWant() != pb.Want_WANT_RUN:
		m.lose(run)
	}
}

func (m *member) forget(run *heldRun) {
	delete(m.runs, run.id)
	m.now.Runs.Add(-1)
}

func (m *member) lose(run *heldRun) {
	m.forget(run)
	m.now.Lost.Add(1)
}
