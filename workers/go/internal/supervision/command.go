// Package supervision is the worker's side of a supervised command: it starts a supervisor, or attaches to one that an earlier
// worker process has started, and reads what that writes into its directory. The supervisor itself is package supervisor below.
package supervision

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// SuperviseCommand DIRECTORY on the command line makes this program a supervisor.
const SuperviseCommand = "supervise"

// Names of this program and of the small one that only supervises. What follows them in a file's name says for which system it is.
const (
	workerProgramName     = "bl-worker"
	supervisorProgramName = "bl-run"
)

const (
	notificationBufferBytes = 4 << 10
	maxDiagnosticsBytes     = 4 << 10
)

// Command is a command under its supervisor, as the worker sees it.
type Command struct {
	// Directory is the supervisor's.
	Directory string

	notified chan struct{} // Holds a token when there may be something to read.
	ended    chan struct{} // Closed when the supervisor is gone.

	mu     sync.Mutex
	orders *os.File // Nil if the supervisor takes its orders from a file.
}

// Notified gives a token when there may be something to read.
func (c *Command) Notified() <-chan struct{} { return c.notified }

// Ended is closed when the supervisor is gone: nothing more will be written into the directory.
func (c *Command) Ended() <-chan struct{} { return c.ended }

// Start starts a supervisor in a fresh directory, and sends it the launch.
func Start(reaper *processes.Reaper, directory string, launch *contract.Launch) (*Command, error) {
	line, err := json.Marshal(launch)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(directory), 0o700); err != nil {
		return nil, err
	}
	if err := os.Mkdir(directory, 0o700); err != nil {
		return nil, err
	}
	supervisorInput, orders, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	notifications, supervisorOutput, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, supervisorInput.Close(), orders.Close())
	}
	program, arguments := supervisorProgram()
	started, err := reaper.StartDetached(program, append(arguments, directory), supervisorInput, supervisorOutput)
	err = errors.Join(err, supervisorInput.Close(), supervisorOutput.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a supervisor: %w", err), orders.Close(), notifications.Close())
	}
	c := newCommand(directory)
	c.orders = orders
	go func() {
		c.readNotifications(notifications)
		_, _ = reaper.WaitDetached(started)
		close(c.ended)
	}()
	// An error means that the supervisor has ended already; the follower finds that out by what it left.
	_, _ = orders.Write(append(line, '\n'))
	return c, nil
}

// supervisorProgram is the small program, which starts in half the time, if it lies beside this one under the matching name;
// otherwise this program itself.
func supervisorProgram() (program string, arguments []string) {
	own := processes.OwnExecutable()
	name := strings.Replace(filepath.Base(own), workerProgramName, supervisorProgramName, 1)
	beside := filepath.Join(filepath.Dir(own), name)
	if info, err := os.Stat(beside); name != filepath.Base(own) && err == nil && info.Mode().IsRegular() {
		return beside, nil
	}
	return own, []string{SuperviseCommand}
}

func newCommand(directory string) *Command {
	return &Command{Directory: directory, notified: make(chan struct{}, 1), ended: make(chan struct{})}
}

// readNotifications passes on the supervisor's notifications until it ends.
func (c *Command) readNotifications(notifications *os.File) {
	defer notifications.Close()
	buffer := make([]byte, notificationBufferBytes)
	for {
		_, err := notifications.Read(buffer)
		if err != nil {
			return
		}
		c.notify()
	}
}

func (c *Command) notify() {
	select {
	case c.notified <- struct{}{}:
	default:
	}
}

// Stop has the supervisor end the command.
func (c *Command) Stop(stop contract.Stop) error { return c.sendOrder(contract.Order{Stop: &stop}) }

// SetSpoolLimit changes how much output may lie on disk. A supervisor that this process has attached to keeps its limit.
func (c *Command) SetSpoolLimit(spoolBytes int64) {
	c.mu.Lock()
	hasPipe := c.orders != nil
	c.mu.Unlock()
	if hasPipe {
		// An error means that the supervisor has ended, and needs no limit.
		_ = c.sendOrder(contract.Order{SpoolBytes: spoolBytes})
	}
}

func (c *Command) sendOrder(order contract.Order) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.orders == nil {
		return contract.Replace(c.Directory, contract.StopFile, order)
	}
	line, err := json.Marshal(order)
	if err != nil {
		return err
	}
	_, err = c.orders.Write(append(line, '\n'))
	return err
}

// Close closes the pipe to the supervisor, which goes on without it.
func (c *Command) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.orders != nil {
		c.orders.Close()
	}
}

// ReadDiagnostics is the end of what the supervisor has logged for people; usually empty.
func ReadDiagnostics(directory string) string {
	file, err := os.Open(filepath.Join(directory, contract.DiagnosticsFile))
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > maxDiagnosticsBytes {
		_, _ = file.Seek(-maxDiagnosticsBytes, io.SeekEnd)
	}
	content, _ := io.ReadAll(file)
	return string(content)
}
