// Package supervisor is the supervisor of one command: a program of its own, so that the command and its output don't need the worker
// that asked for them. It owns the tree of processes, masks and spools what they write, keeps the time limits, and says at the end
// how it went.
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
	exitTold       = 0
	exitFailed     = 1
	exitNeverBegan = 2
)

const (
	// collectAt keeps the heap of a program small that holds little more than its buffers.
	collectAt    = 40
	launchBuffer = 32 << 10
	// exitRetry and exitPatience: a full disk may get room again, from this command's own spool too.
	exitRetry    = 100 * time.Millisecond
	exitPatience = time.Minute
)

// supervisor is what all parts of the program share.
type supervisor struct {
	directory string
	launch    *contract.Launch
	household *processes.Household
	notes     *notes
	bell      *bell
	stop      *stopping.Request
	room      *room
	done      chan struct{} // Closed when the command has ended.
}

// Main supervises one command for the worker at the other end of standard input and output; it returns the program's exit code.
func Main(directory string) int {
	limitMemory()
	code, err := run(directory)
	if err != nil {
		slog.Error("the supervisor gives up", "error", err)
	}
	return code
}

// limitMemory tunes the runtime for a program that may exist a hundred times; GOGC has the last word.
func limitMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}

func run(directory string) (code int, err error) {
	directory, err = filepath.Abs(directory)
	if err != nil {
		return exitNeverBegan, err
	}
	// Whoever wants to unmount where the worker was started shall be able to.
	_ = os.Chdir(filepath.VolumeName(directory) + string(filepath.Separator))
	slog.SetDefault(slog.New(slog.NewTextHandler(io.MultiWriter(&diagnostics{directory: directory}, os.Stderr), nil)))
	s := &supervisor{directory: directory, stop: stopping.NewRequest(), bell: newBell(os.Stdout), done: make(chan struct{})}
	s.catchSignals()
	orders := bufio.NewReaderSize(os.Stdin, launchBuffer)
	line, err := orders.ReadBytes('\n')
	if err != nil {
		return exitNeverBegan, fmt.Errorf("no launch came on standard input: %w", err)
	}
	s.launch = new(contract.Launch)
	err = json.Unmarshal(line, s.launch)
	if err == nil {
		err = s.launch.Check()
	}
	s.household = processes.NewHousehold(s.launch.Cgroup)
	claim := contract.Claim{Version: contract.Version, Identity: processes.Self(), SegmentBytes: s.launch.SegmentBytes}
	if err == nil {
		claim.Cgroup = s.household.Leaf(s.launch.Cookie)
	}
	if err := claim.Put(directory); err != nil {
		return exitNeverBegan, err
	}
	if err != nil {
		return s.tell(&contract.Exit{
			Reason: contract.StartFailed, StartFailure: processes.OtherFailure, Message: err.Error(),
		})
	}
	return s.supervise(orders)
}

// supervise runs the command to its end, whatever that is.
func (s *supervisor) supervise(orders *bufio.Reader) (int, error) {
	var err error
	if s.notes, err = openNotes(s.directory); err != nil {
		return s.tell(s.unkept(err))
	}
	if err := os.Mkdir(filepath.Join(s.directory, contract.SpoolDirectory), 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return s.tell(s.unkept(err))
	}
	var spools []*spool
	for channel := range len(s.launch.Channels) + len(s.launch.Watch) {
		spools = append(spools, &spool{directory: s.directory, channel: channel, segmentBytes: s.launch.SegmentBytes})
	}
	s.room = newRoom(spools, s.launch)
	go s.obey(orders)
	return s.tell(s.runCommand())
}

// unkept is the end of a command that wasn't started because nothing can be kept.
func (s *supervisor) unkept(err error) *contract.Exit {
	return &contract.Exit{Reason: contract.Storage, Message: fmt.Sprintf("the spool can't be written: %v", err)}
}

// tell writes the last file: from then on nothing of the command is left but what lies in the directory.
func (s *supervisor) tell(exit *contract.Exit) (int, error) {
	if exit.Survivors == nil {
		exit.Survivors = []processes.Survivor{}
	}
	if exit.Totals == nil {
		exit.Totals = []contract.Total{}
	}
	for deadline := time.Now().Add(exitPatience); ; time.Sleep(exitRetry) {
		err := contract.Replace(s.directory, contract.ExitFile, exit)
		switch {
		case err == nil:
			return exitTold, nil
		case time.Now().After(deadline), errors.Is(err, os.ErrNotExist):
			return exitFailed, fmt.Errorf("how the command ended can't be written down: %w", err)
		}
	}
}
