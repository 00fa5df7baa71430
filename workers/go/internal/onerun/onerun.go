// Package onerun carries out one run for a worker that is written in any language: it reads what the server wants of the run, and
// writes what happens in it.
package onerun

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/transfers"
	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs"
	"buildledger/workers/go/internal/session"
	"buildledger/workers/go/internal/transport"
	"buildledger/workers/go/internal/worker"
	pb "buildledger/workers/go/internal/workerv1"
)

// spoolBytes of output may wait for a slow reader. Then the command waits, too.
const spoolBytes = 4 << 20

var (
	// ErrInput is returned when standard input isn't what was agreed.
	ErrInput = errors.New("standard input")
	// ErrOutput is returned when the events can't be written.
	ErrOutput = errors.New("standard output")

	errNoServer = errors.New("this program has no connection to a server")
)

// notOffered are the features that need a connection to the server, or a worker that comes back.
var notOffered = []string{"blobs", "file_types", "supervised"}

// Settings are what one run is carried out with.
type Settings struct {
	// WorkDir is the absolute path of the directory that holds all build directories.
	WorkDir string
	// ChunkBytes is Welcome.chunk_bytes: the most output that one event has; 0: the protocol's default.
	ChunkBytes uint32
	// Lock is the path of a file that one run at a time has; empty: none is needed.
	Lock string
	// Software is the name and version of this program.
	Software string
	Log      *slog.Logger
}

// Features are the optional features of the protocol that are kept here, sorted.
func Features() []string {
	features := slices.DeleteFunc(newExecutor(Settings{}, nil, nil).Features, func(feature string) bool {
		return slices.Contains(notOffered, feature)
	})
	slices.Sort(features)
	return features
}

// Hello is what a worker that has its runs carried out here can say about itself, as one that has just started.
func Hello(settings Settings) (*pb.Hello, error) {
	bootID, err := hostinfo.BootID()
	if err != nil {
		return nil, err
	}
	hello := session.MachineHello(bootID, settings.WorkDir, Features())
	hello.InstanceId, hello.Software = session.NewInstanceID(), settings.Software
	return hello, nil
}

// carrier has what one run needs.
type carrier struct {
	registry *session.AttemptRegistry
	outbox   *session.Outbox
	turn     chan struct{} // Closed when the run may begin.
	ended    chan struct{} // Closed when it has ended.

	mu    sync.Mutex
	fault error // The first of what went wrong with the worker that asked for the run.
}

// Carry carries out the run that is asked for on in, and writes its events to out. When it returns, the last event is written and no
// process of the run is left. Signals on stops end the run, the second one by force. The error is ErrInput, ErrOutput, or what kept
// it from beginning.
func Carry(settings Settings, in io.Reader, out io.Writer, stops <-chan os.Signal) error {
	state, remove, err := openState(settings.Log)
	if err != nil {
		return err
	}
	defer remove()
	c, err := newCarrier(settings, state)
	if err != nil {
		return err
	}
	wants := newWantReader(in)
	if err := c.begin(wants); err != nil {
		return err
	}
	defer close(c.ended)
	go c.takeTurn(settings.Lock)
	go c.readFurther(wants)
	go c.obey(stops)
	return errors.Join(c.deliver(out), c.reported())
}

func newCarrier(settings Settings, state string) (*carrier, error) {
	c := &carrier{outbox: session.NewOutbox(), turn: make(chan struct{}), ended: make(chan struct{})}
	budget := runs.NewSpoolBudget(spoolBytes, 1)
	store, err := runs.NewAttemptStore(state, budget, c.outbox.Wake, settings.Log)
	if err != nil {
		return nil, err
	}
	server := runs.NewServerSettings()
	server.SetBatching(settings.ChunkBytes, nil)
	executor := newExecutor(settings, server, budget)
	executor.Features = Features()
	runner := runs.NewRunner(store, executor, settings.Log)
	runner.AwaitTurn(c.turn)
	c.registry = session.NewAttemptRegistry(store, runner, c.outbox, settings.Log, nil, func(string) {})
	return c, nil
}

func newExecutor(settings Settings, server *runs.ServerSettings, budget *runs.SpoolBudget) *runs.LocalExecutor {
	return runs.NewLocalExecutor(runs.ExecutorOptions{
		WorkDir: settings.WorkDir,
		OnCrash: contract.OnDeathKill,
		Blobs: transfers.NewBlobStore(
			func(transport.Credentials) (*grpc.ClientConn, error) { return nil, errNoServer },
			func() transport.Credentials { return transport.Credentials{} },
		),
		Server: server,
		Budget: budget,
		Log:    settings.Log,
	})
}

// takeTurn has the run begin, and the lock, if there is one to wait for, until it has ended.
func (c *carrier) takeTurn(lock string) {
	if lock != "" {
		unlock, err := worker.AwaitLock(lock)
		if err != nil {
			c.giveUp(fmt.Errorf("locking a file: %w", err))
		} else {
			defer unlock()
		}
	}
	close(c.turn)
	<-c.ended
}

// obey ends the run when signals come.
func (c *carrier) obey(stops <-chan os.Signal) {
	level := processes.Interrupt
	for range stops {
		c.registry.StopAll(contract.WorkerShutdown, level)
		level = processes.Kill
	}
}

// giveUp ends the run because of a fault, which Carry returns when it has ended.
func (c *carrier) giveUp(fault error) {
	c.mu.Lock()
	if c.fault == nil {
		c.fault = fault
	}
	c.mu.Unlock()
	c.registry.StopAll(contract.WorkerShutdown, processes.Interrupt)
}

func (c *carrier) reported() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}
