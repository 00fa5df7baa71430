// Package worker connects the parts of a worker, and runs it from its start to its end.
package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"

	"buildledger/workers/go/internal/contract"
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

	deliveryTimeout = 10 * time.Second
	goodbyeTimeout  = 3 * time.Second
)

// Settings are what a worker is started with; the rest comes from the server.
type Settings struct {
	// Server is host:port.
	Server   string
	Security transport.Security
	Name     string
	// StateDir holds journal, credential and lock; private to one worker. All build directories lie in WorkDir.
	StateDir, WorkDir string
	Labels            map[string]string
	Capacity          uint32
	// Token enrolls the worker, when there is no credential in StateDir that hasn't expired. After a dot it may name the issuer to
	// trust.
	Token string
	// EnrollAt is where to enroll, if not at Server.
	EnrollAt   string
	SpoolBytes int64
	// OnCrash is what becomes of commands when the worker is killed: contract.OnDeathContinue or contract.OnDeathKill.
	OnCrash string
	// Keep is for how long build directories that nothing uses are kept; 0: for ever.
	Keep time.Duration
	// Cgroup is a cgroup v2 directory that was delegated to the worker; found by itself under systemd's Delegate=yes.
	Cgroup string
	// Software is the name and version of the worker's program.
	Software string
	Log      *slog.Logger
}

// Worker has the runs and sessions of one process; only one may use a state directory.
type Worker struct {
	settings       Settings
	log            *slog.Logger
	credential     *credential.Provider
	blobs          *transfers.BlobStore
	outbox         *session.Outbox
	registry       *session.AttemptRegistry
	directories    *unusedDirectories
	identity       *session.Identity
	sessionOptions session.Options
	done           chan struct{} // Closed when the worker has done all it can before it ends.
	endOnce        sync.Once

	mu             sync.Mutex
	session        *session.Session
	orphanTimer    *time.Timer
	isShuttingDown bool
}

// New takes over what an earlier worker process left in the state directory, and resumes what it left running.
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
		credential: credential.NewProvider(credential.Enroller{
			Address: settings.Server, EnrollAt: settings.EnrollAt, Security: settings.Security, StateDir: settings.StateDir,
			Name: settings.Name, Software: settings.Software,
		}, stored, settings.Token, settings.Log),
		outbox: session.NewOutbox(),
		done:   make(chan struct{}),
		identity: &session.Identity{
			Name: settings.Name, InstanceID: session.NewInstanceID(), Software: settings.Software, Labels: settings.Labels,
			Capacity: settings.Capacity, LastEpoch: epoch, LedgerHead: session.OpenLedgerHead(settings.StateDir, settings.Log),
		},
	}
	w.blobs = transfers.NewBlobStore(func(credentials transport.Credentials) (*grpc.ClientConn, error) {
		return settings.Security.Open(settings.Server, credentials)
	}, w.credential.Credentials)
	if err := w.recoverRuns(); err != nil {
		return nil, err
	}
	return w, nil
}

// recoverRuns makes what runs need, and takes over the runs of an earlier worker process.
func (w *Worker) recoverRuns() error {
	budget := runs.NewSpoolBudget(w.settings.SpoolBytes, w.settings.Capacity)
	store, err := runs.NewAttemptStore(w.settings.StateDir, budget, w.outbox.Wake, w.log)
	if err != nil {
		return err
	}
	server := runs.NewServerSettings()
	executor := runs.NewLocalExecutor(runs.ExecutorOptions{
		WorkDir: w.settings.WorkDir, Cgroup: w.settings.Cgroup, OnCrash: w.settings.OnCrash, Blobs: w.blobs, Server: server,
		Budget: budget, Log: w.log,
	})
	attempts, err := store.Recover(server.IsConnected)
	if err != nil {
		return fmt.Errorf("taking over from an earlier worker process: %w", err)
	}
	w.directories = newUnusedDirectories(w.settings)
	w.registry = session.NewAttemptRegistry(
		store, runs.NewRunner(store, executor, w.log), w.outbox, w.log, attempts, w.directories.note,
	)
	w.sessionOptions = session.Options{
		Identity: w.identity, Registry: w.registry, Outbox: w.outbox, Executor: executor, Store: store, Server: server, Log: w.log,
		OnEstablished: w.sessionEstablished,
	}
	return nil
}

// Run serves until ShutDown or Drain is through, or ctx ends. The error is credential.ErrRefused if the token isn't taken.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-w.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := w.credential.EnsureEnrolled(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var tasks sync.WaitGroup
	tasks.Go(func() { w.credential.KeepRenewed(ctx) })
	tasks.Go(func() { w.runSessions(ctx) })
	tasks.Go(func() { w.directories.keepRemoving(ctx, w.registry.WhileNoneBegins) })
	tasks.Wait()
	w.blobs.Close()
	for _, attempt := range w.registry.All() {
		attempt.Close()
	}
	return nil
}

// Drain takes no new work, finishes what there is, then has Run return.
func (w *Worker) Drain(reason string) {
	w.log.Info("draining", "reason", reason)
	w.beginEnd(reason)
}

// ShutDown ends all runs by their stop policy, delivers their last events, then has Run return. Called again, it ends them by
// force.
func (w *Worker) ShutDown(reason string) {
	w.log.Info("shutting down", "reason", reason)
	w.mu.Lock()
	level := processes.Interrupt
	if w.isShuttingDown {
		level = processes.Kill
	}
	w.isShuttingDown = true
	w.mu.Unlock()
	w.beginEnd(reason)
	w.registry.StopAll(contract.WorkerShutdown, level)
}

// beginEnd rejects new work, tells the server, and ends the worker when its runs have ended.
func (w *Worker) beginEnd(reason string) {
	w.registry.Drain()
	w.endOnce.Do(func() {
		w.identity.Draining.Store(&reason)
		w.outbox.Post(&pb.Up{Message: &pb.Up_DrainRequest{DrainRequest: &pb.DrainRequest{Reason: reason}}})
		go w.end(reason)
	})
}

// end waits for the runs, delivers their last events if a server is connected, and has Run return.
func (w *Worker) end(reason string) {
	defer close(w.done)
	for _, attempt := range w.registry.All() {
		<-attempt.Gone()
	}
	w.mu.Lock()
	current := w.session
	w.mu.Unlock()
	if current == nil || !current.IsEstablished() {
		return
	}
	expired := time.After(deliveryTimeout)
	for undelivered := w.registry.Undelivered(); undelivered != nil; undelivered = w.registry.Undelivered() {
		select {
		case <-undelivered:
		case <-current.Ended:
			return
		case <-expired:
			undelivered = nil
		}
		if undelivered == nil {
			break
		}
	}
	current.SayGoodbye(reason)
	select {
	case <-current.Ended:
	case <-time.After(goodbyeTimeout):
	}
}

// endOrphanedRuns ends all runs: without a server for that long nobody may be waiting for them.
func (w *Worker) endOrphanedRuns() {
	w.log.Warn("the server was away for too long: ending all runs")
	w.registry.StopAll(contract.Orphaned, processes.Interrupt)
}

// sessionEstablished notes what the server offers, and its epoch.
func (w *Worker) sessionEstablished(serverFeatures []string) {
	w.credential.SessionStarted(serverFeatures)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.orphanTimer != nil {
		w.orphanTimer.Stop()
		w.orphanTimer = nil
	}
	if err := storeEpoch(w.settings.StateDir, w.identity.LastEpoch); err != nil {
		w.log.Error("the epoch can't be stored", "error", err)
	}
}
