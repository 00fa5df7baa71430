// Package supervisor is the program that supervises one command, in a process apart from the worker so that the command survives
// that. It starts and ends the command's processes, masks and spools their output, enforces the time limits, and writes down how
// the command ended.
package supervisor

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs/stopping"
)

// Exit codes of the supervisor itself.
const (
	exitWritten    = 0
	exitFailed     = 1
	exitNotStarted = 2
)

const (
	// gcPercent keeps the heap small: this program has little more than its buffers.
	gcPercent         = 40
	launchBufferBytes = 32 << 10
	// exitRetryInterval and exitWriteTimeout: a disk that fails even where its space was taken may work again soon.
	exitRetryInterval = 100 * time.Millisecond
	exitWriteTimeout  = time.Minute
)

// supervisor is what the parts of the program share.
type supervisor struct {
	directory string
	launch    *contract.Launch
	reaper    *processes.Reaper
	events    *eventWriter
	notifier  *notifier
	stop      *stopping.Request
	budget    *spoolBudget
	done      chan struct{} // Closed when the command has ended.
}

// Main supervises one command in a directory, for the worker that standard input and output lead to. It returns the program's exit
// code.
func Main(directory string) int {
	tuneMemory()
	code, err := run(directory)
	if err != nil {
		slog.Error("the supervisor gives up", "error", err)
	}
	return code
}

// tuneMemory tunes the runtime for a program of which a hundred may run at once, unless GOGC is set.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

func run(directory string) (code int, err error) {
	directory, err = filepath.Abs(directory)
	if err != nil {
		return exitNotStarted, err
	}
	// So that the file system can be unmounted on which the worker was started.
	_ = os.Chdir(filepath.VolumeName(directory) + string(filepath.Separator))
	slog.SetDefault(slog.New(slog.NewTextHandler(io.MultiWriter(&diagnosticsFile{directory: directory}, os.Stderr), nil)))
	s := &supervisor{directory: directory, stop: stopping.NewRequest(), notifier: newNotifier(os.Stdout), done: make(chan struct{})}
	s.catchSignals()
	orders := bufio.NewReaderSize(os.Stdin, launchBufferBytes)
	line, err := orders.ReadBytes('\n')
	if err != nil {
		return exitNotStarted, fmt.Errorf("no launch came on standard input: %w", err)
	}
	s.launch = new(contract.Launch)
	err = json.Unmarshal(line, s.launch)
	if err == nil {
		err = s.launch.Validate()
	}
	s.reaper = processes.NewReaper(s.launch.Cgroup)
	claim := contract.Claim{Version: contract.Version, Identity: processes.OwnIdentity(), SegmentBytes: s.launch.SegmentBytes}
	if err == nil {
		claim.Cgroup = s.reaper.CgroupPath(s.launch.Cookie)
	}
	if err := claim.Create(directory); err != nil {
		return exitNotStarted, err
	}
	if err != nil {
		return s.writeExit(&contract.Exit{
			Reason: contract.StartFailed, StartFailure: processes.OtherFailure, Message: err.Error(),
		})
	}
	return s.supervise(orders)
}

// supervise runs the command to its end.
func (s *supervisor) supervise(orders *bufio.Reader) (int, error) {
	if err := contract.ReserveExit(s.directory); err != nil {
		return s.writeExit(s.storageExit(err))
	}
	var err error
	if s.events, err = openEventWriter(s.directory); err != nil {
		return s.writeExit(s.storageExit(err))
	}
	if err := os.Mkdir(filepath.Join(s.directory, contract.SpoolDirectory), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return s.writeExit(s.storageExit(err))
	}
	var spools []*spoolWriter
	for channel := range len(s.launch.Channels) + len(s.launch.Watch) {
		spools = append(spools, &spoolWriter{directory: s.directory, channel: channel, segmentBytes: s.launch.SegmentBytes})
	}
	s.budget = newSpoolBudget(spools, s.launch)
	go s.readOrders(orders)
	return s.writeExit(s.runCommand())
}

// storageExit is the end of a command that wasn't started because its directory can't be written.
func (s *supervisor) storageExit(err error) *contract.Exit {
	return &contract.Exit{Reason: contract.Storage, Message: fmt.Sprintf("the spool can't be written: %v", err)}
}

// writeExit writes the last file: when it is there, no process of the command is left. It returns the program's exit code.
func (s *supervisor) writeExit(exit *contract.Exit) (int, error) {
	if exit.Survivors == nil {
		exit.Survivors = []processes.Survivor{}
	}
	if exit.Totals == nil {
		exit.Totals = []contract.Total{}
	}
	for deadline := time.Now().Add(exitWriteTimeout); ; time.Sleep(exitRetryInterval) {
		err := contract.WriteExit(s.directory, exit)
		switch {
		case err == nil:
			return exitWritten, nil
		case time.Now().After(deadline), errors.Is(err, os.ErrNotExist):
			return exitFailed, fmt.Errorf("how the command ended can't be written down: %w", err)
		}
	}
}
