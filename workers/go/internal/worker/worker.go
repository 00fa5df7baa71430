// Package worker ties together what a worker consists of, for as long as it lives.
package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/files/transfers"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs"
	"buildledger/workers/go/internal/session"
	"buildledger/workers/go/internal/transport"
	"buildledger/workers/go/internal/transport/credential"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// DefaultSpoolBytes of unacknowledged output may lie on disk, all runs together.
	DefaultSpoolBytes = 1 << 30

	deliveryWait = 10 * time.Second
	goodbyeWait  = 3 * time.Second
	epochFile    = "epoch"
)

// Settings are what a worker is told when it is started; what is not here the server tells it.
type Settings struct {
	// Server is host:port.
	Server   string
	Security transport.Security
	Name     string
	// StateDir holds journal, credential and lock; private to one worker. All build directories lie in WorkDir.
	StateDir, WorkDir string
	Labels            map[string]string
	Capacity          uint32
	// Token is used once, when there is no credential in StateDir that is still good. After a dot it may say whom to trust.
	Token string
	// EnrollAt is where to enroll, if not at Server.
	EnrollAt   string
	SpoolBytes int64
	// OnCrash is what becomes of commands when the worker is killed: contract.Continue or contract.KillIt.
	OnCrash string
	// Cgroup is a cgroup v2 directory that was delegated to the worker; found by itself under systemd's Delegate=yes.
	Cgroup string
	// Software is what the worker calls itself.
	Software string
	Log      *slog.Logger
}

// Worker holds runs and sessions; one per process and state directory.
type Worker struct {
	settings Settings
	log      *slog.Logger
	server   credential.Enroller
	shop     *runs.Workshop
	blobs    *transfers.BlobStore
	outbox   *session.Outbox
	holdings *session.Holdings
	standing *session.Standing
	left     chan struct{} // Closed when the worker has done all it can before it ends.
	leaving  sync.Once
	welcomed chan struct{} // Holds a token when a session was established that keepCredential hasn't seen.

	mu             sync.Mutex
	credential     *credential.Stored
	session        *session.Session
	orphanTimer    *time.Timer
	isShuttingDown bool
	offered        []string // Optional features of the server.
}

// New takes over what an earlier worker process left in the state directory, and takes up what it left running.
func New(settings Settings) (*Worker, error) {
	stored, err := credential.Load(settings.StateDir)
	if err != nil {
		return nil, err
	}
	if settings.Security.TrustedPEM, err = credential.TrustedIssuer(settings.Token); err != nil {
		return nil, err
	}
	if err := settings.Security.Check(settings.Server, stored.Credentials()); err != nil {
		return nil, err
	}
	epoch, err := readEpoch(settings.StateDir)
	if err != nil {
		return nil, err
	}
	w := &Worker{
		settings: settings,
		log:      settings.Log,
		server: credential.Enroller{
			Address: settings.Server, EnrollAt: settings.EnrollAt, Security: settings.Security, StateDir: settings.StateDir,
		},
		outbox:     session.NewOutbox(),
		left:       make(chan struct{}),
		welcomed:   make(chan struct{}, 1),
		credential: stored,
		standing: &session.Standing{
			Name: settings.Name, InstanceID: newInstanceID(), Software: settings.Software, Labels: settings.Labels,
			Capacity: settings.Capacity, LastEpoch: epoch,
		},
	}
	w.blobs = transfers.NewBlobStore(func(identity transport.Credentials) (*grpc.ClientConn, error) {
		return settings.Security.Open(settings.Server, identity)
	})
	w.shop, err = runs.NewWorkshop(runs.Options{
		StateDir: settings.StateDir, WorkDir: settings.WorkDir, SpoolBytes: settings.SpoolBytes, Cgroup: settings.Cgroup,
		Capacity: settings.Capacity, OnCrash: settings.OnCrash, Blobs: w.blobs, Log: settings.Log, Wake: w.outbox.Wake,
	})
	if err != nil {
		return nil, err
	}
	attempts, err := runs.Recover(w.shop)
	if err != nil {
		return nil, fmt.Errorf("taking over from an earlier worker process: %w", err)
	}
	w.holdings = session.NewHoldings(w.shop, attempts)
	return w, nil
}

// Run serves until ShutDown or Drain is through, or ctx ends. The error is credential.ErrRefused if the token isn't taken.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-w.left:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := w.ensureCredential(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var tasks sync.WaitGroup
	tasks.Go(func() { w.keepCredential(ctx) })
	tasks.Go(func() { w.keepSession(ctx) })
	tasks.Wait()
	w.blobs.Close()
	for _, attempt := range w.holdings.All() {
		attempt.Close()
	}
	return nil
}

// Drain takes no new work, finishes what there is, then leaves.
func (w *Worker) Drain(reason string) {
	w.log.Info("draining", "reason", reason)
	w.announceEnd(reason)
}

// ShutDown ends all runs by their stop policy, delivers what came of them, then leaves; called again, it ends them by force.
func (w *Worker) ShutDown(reason string) {
	w.log.Info("shutting down", "reason", reason)
	w.mu.Lock()
	level := processes.Interrupt
	if w.isShuttingDown {
		level = processes.Kill
	}
	w.isShuttingDown = true
	w.mu.Unlock()
	w.announceEnd(reason)
	w.holdings.StopAll(contract.WorkerShutdown, level)
}

func (w *Worker) announceEnd(reason string) {
	w.holdings.Drain()
	w.leaving.Do(func() {
		w.standing.Draining.Store(&reason)
		w.outbox.Post(&pb.Up{Message: &pb.Up_DrainRequest{DrainRequest: &pb.DrainRequest{Reason: reason}}})
		go w.leave(reason)
	})
}

// leave waits for the runs, delivers their last events if somebody listens, and has Run return.
func (w *Worker) leave(reason string) {
	defer close(w.left)
	for _, attempt := range w.holdings.All() {
		<-attempt.Gone()
	}
	w.mu.Lock()
	current := w.session
	w.mu.Unlock()
	if current == nil || !current.IsEstablished() {
		return
	}
	patience := time.After(deliveryWait)
	for undelivered := w.holdings.Undelivered(); undelivered != nil; undelivered = w.holdings.Undelivered() {
		select {
		case <-undelivered:
		case <-current.Ended:
			return
		case <-patience:
			undelivered = nil
		}
		if undelivered == nil {
			break
		}
	}
	current.SayGoodbye(reason)
	select {
	case <-current.Ended:
	case <-time.After(goodbyeWait):
	}
}

// orphaned ends the runs: without a server for that long nobody may be waiting for them any more.
func (w *Worker) orphaned() {
	w.log.Warn("the server was away for too long: ending all runs")
	w.holdings.StopAll(contract.Orphaned, processes.Interrupt)
}

// established remembers what the server offers, and the epoch, so that a server that is behind is recognised also after a restart.
func (w *Worker) established(features []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offered = features
	select {
	case w.welcomed <- struct{}{}:
	default:
	}
	if w.orphanTimer != nil {
		w.orphanTimer.Stop()
		w.orphanTimer = nil
	}
	path := filepath.Join(w.settings.StateDir, epochFile)
	if err := durable.ReplaceFile(path, strconv.AppendUint(nil, w.standing.LastEpoch, 10)); err != nil {
		w.log.Error("the epoch can't be stored", "error", err)
	}
}

func readEpoch(stateDir string) (uint64, error) {
	path := filepath.Join(stateDir, epochFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the epoch: %w", err)
	}
	epoch, err := strconv.ParseUint(strings.TrimSpace(string(content)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return epoch, nil
}

// newInstanceID is a random UUID.
func newInstanceID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // Never fails.
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
