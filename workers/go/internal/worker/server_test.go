package worker

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/supervision"
	"buildledger/workers/go/internal/supervision/supervisor"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	testTimeout = time.Minute
	// workerArgument ADDRESS STATE WORK ON-CRASH makes the test program a worker.
	workerArgument = "__worker"
)

// fakeServer is a server that wants one run, and stores the events that it gets.
type fakeServer struct {
	pb.UnimplementedWorkerServer
	address string
	desired *pb.DesiredRun
	// cutAfter ends each stream after so many messages with events, without acknowledging the last; 0: never.
	cutAfter int
	// releases lets the worker forget the run when it has ended.
	releases bool
	// orphanTTL is sent in Welcome.
	orphanTTL time.Duration
	// isAway refuses all streams.
	isAway atomic.Bool

	mu       sync.Mutex
	epoch    uint64
	through  uint64
	kinds    []string
	output   map[string]hash.Hash
	bytes    map[string]uint64
	hellos   []*pb.Hello
	exited   *pb.Exited
	took     time.Duration // From the first event to the last, on the worker's clock.
	rejected *pb.Rejected
	ended    chan struct{}
	faults   []string
}

// newFakeServer listens on loopback until the test has ended.
func newFakeServer(t testing.TB, wanted *pb.DesiredRun) *fakeServer {
	t.Helper()
	f := &fakeServer{
		desired: wanted, output: make(map[string]hash.Hash), bytes: make(map[string]uint64), ended: make(chan struct{}),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.address = listener.Addr().String()
	server := grpc.NewServer(grpc.MaxRecvMsgSize(1 << 20))
	pb.RegisterWorkerServer(server, f)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return f
}

// Session handles one stream.
func (f *fakeServer) Session(stream grpc.BidiStreamingServer[pb.Up, pb.Down]) error {
	if f.isAway.Load() {
		return status.Error(codes.Unavailable, "away")
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.epoch++
	epoch, through := f.epoch, f.through
	f.hellos = append(f.hellos, first.GetHello())
	f.mu.Unlock()
	for _, down := range []*pb.Down{
		{Message: &pb.Down_Welcome{Welcome: &pb.Welcome{
			Proto: 1, Epoch: epoch, Heartbeat: durationpb.New(10 * time.Second), RunCreditBytes: 8 << 20,
			OrphanTtl: durationpb.New(f.orphanTTL),
		}}},
		{Message: &pb.Down_Desired{Desired: &pb.Desired{
			Epoch: epoch, Revision: 1, Full: true, Runs: []*pb.DesiredRun{f.desired},
		}}},
		f.ack(through),
	} {
		if err := stream.Send(down); err != nil {
			return err
		}
	}
	for messages := 0; ; {
		up, err := stream.Recv()
		if err != nil {
			return err
		}
		if up.GetGoodbye() != nil {
			return nil
		}
		if up.GetEvents() == nil {
			continue
		}
		if messages++; messages == f.cutAfter {
			return context.Canceled
		}
		if err := stream.Send(f.ack(f.store(up.GetEvents()))); err != nil {
			return err
		}
	}
}

func (f *fakeServer) ack(through uint64) *pb.Down {
	return &pb.Down{Message: &pb.Down_Progress{Progress: &pb.Progress{Acks: []*pb.Ack{
		{RunId: f.desired.GetRunId(), Attempt: f.desired.GetAttempt(), ThroughEvent: through, Release: f.releases && f.hasEnded()},
	}}}}
}

func (f *fakeServer) hasEnded() bool {
	select {
	case <-f.ended:
		return true
	default:
		return false
	}
}

// store stores new events, and what breaks the protocol.
func (f *fakeServer) store(events *pb.RunEvents) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, event := range events.GetEvents() {
		if event.GetEventNo() <= f.through {
			continue
		}
		if event.GetEventNo() != f.through+1 {
			f.faults = append(f.faults, "a hole in the event numbers")
		}
		f.through = event.GetEventNo()
		f.storeEvent(event)
	}
	return f.through
}

// storeEvent stores one event.
func (f *fakeServer) storeEvent(event *pb.RunEvent) {
	switch message := event.GetEvent().(type) {
	case *pb.RunEvent_Accepted:
		f.took = -event.GetMonotonic().AsDuration()
		f.kinds = append(f.kinds, "accepted")
	case *pb.RunEvent_Started:
		f.kinds = append(f.kinds, "started")
	case *pb.RunEvent_Stopping:
		f.kinds = append(f.kinds, "stopping")
	case *pb.RunEvent_Output:
		channel := message.Output.GetChannel()
		if f.output[channel] == nil {
			f.output[channel] = sha256.New()
		}
		if message.Output.GetOffset() != f.bytes[channel] {
			f.faults = append(f.faults, "a hole in the output")
		}
		f.bytes[channel] += uint64(len(message.Output.GetData()))
		f.output[channel].Write(message.Output.GetData())
	case *pb.RunEvent_Exited:
		f.exited = message.Exited
		f.took += event.GetMonotonic().AsDuration()
		close(f.ended)
	case *pb.RunEvent_Rejected:
		f.rejected = message.Rejected
		close(f.ended)
	}
}

func settingsOf(address, stateDir, workDir string, log slog.Handler) Settings {
	return Settings{
		Server: address, Name: "under-test", StateDir: stateDir, WorkDir: workDir, Capacity: 1, SpoolBytes: DefaultSpoolBytes,
		OnCrash: contract.OnDeathContinue, Software: "test/1", Log: slog.New(log),
	}
}

// TestMain lets the test program be the supervisors and workers that the tests start.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == supervision.SuperviseCommand:
		os.Exit(supervisor.Main(os.Args[2]))
	case len(os.Args) == 6 && os.Args[1] == workerArgument:
		settings := settingsOf(os.Args[2], os.Args[3], os.Args[4], slog.NewTextHandler(os.Stderr, nil))
		settings.OnCrash = os.Args[5]
		w, err := New(settings)
		if err == nil {
			err = w.Run(context.Background())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// newWorker makes a worker of a fake server on a state directory.
func newWorker(t testing.TB, f *fakeServer, stateDir string) *Worker {
	t.Helper()
	w, err := New(settingsOf(f.address, stateDir, t.TempDir(), slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// serve runs a worker until the server has the end of the run, then shuts it down.
func serve(t testing.TB, f *fakeServer, w *Worker) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- w.Run(context.Background()) }()
	select {
	case <-f.ended:
	case <-time.After(testTimeout):
		t.Fatal("the run doesn't end")
	}
	w.ShutDown("the test is over")
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(testTimeout):
		t.Fatal("the worker doesn't leave")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.faults {
		t.Error(fault)
	}
}
