// Package supervision is the worker's side of a supervised command: starting a supervisor, or finding one that an earlier worker process
// started, and reading what it leaves in its directory.
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
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// SuperviseCommand DIRECTORY makes this program a supervisor.
const SuperviseCommand = "supervise"

// Names of this program and of the small one that only supervises; what follows them says for which system they are.
const (
	workerName     = "bl-worker"
	supervisorName = "bl-run"
)

const (
	// lookInterval is how often a command is looked at whose supervisor has no bell here.
	lookInterval = 50 * time.Millisecond
	// looksPerCheck: whether the supervisor lives, and that it is attended, needs less attention.
	looksPerCheck = 10
	bellBytes     = 4 << 10
	// claimPatience is how long a claim that isn't whole is waited for.
	claimPatience = time.Second
	longestSaying = 4 << 10
)

// Command is a command under its supervisor.
type Command struct {
	// Directory is where the supervisor keeps what it has to say.
	Directory string

	rung  chan struct{} // Holds a token when there may be something to read.
	ended chan struct{} // Closed when the supervisor is gone.

	mu     sync.Mutex
	orders *os.File // Nil if the supervisor takes its orders from a file.
}

// Rung gives a token when there may be something to read.
func (c *Command) Rung() <-chan struct{} { return c.rung }

// Ended is closed when the supervisor is gone: what lies in the directory is then all there will be.
func (c *Command) Ended() <-chan struct{} { return c.ended }

// Start starts a supervisor in a fresh directory, and tells it what to run.
func Start(household *processes.Household, directory string, launch *contract.Launch) (*Command, error) {
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
	theirOrders, orders, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	bell, theirBell, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirOrders.Close(), orders.Close())
	}
	program, arguments := supervisor()
	started, err := household.StartDetached(program, append(arguments, directory), theirOrders, theirBell)
	err = errors.Join(err, theirOrders.Close(), theirBell.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a supervisor: %w", err), orders.Close(), bell.Close())
	}
	c := newCommand(directory)
	c.orders = orders
	go func() {
		c.listen(bell)
		_, _ = household.WaitDetached(started)
		close(c.ended)
	}()
	// If it has ended already, that shows by what it left.
	_, _ = orders.Write(append(line, '\n'))
	return c, nil
}

// supervisor is the program that supervises: the small one, which starts in half the time, if it lies beside this one and is called
// alike, and otherwise this one itself.
func supervisor() (program string, arguments []string) {
	own := processes.OwnProgram()
	name := strings.Replace(filepath.Base(own), workerName, supervisorName, 1)
	beside := filepath.Join(filepath.Dir(own), name)
	if info, err := os.Stat(beside); name != filepath.Base(own) && err == nil && info.Mode().IsRegular() {
		return beside, nil
	}
	return own, []string{SuperviseCommand}
}

func newCommand(directory string) *Command {
	return &Command{Directory: directory, rung: make(chan struct{}, 1), ended: make(chan struct{})}
}

// listen hears the bell until the supervisor ends.
func (c *Command) listen(bell *os.File) {
	defer bell.Close()
	buffer := make([]byte, bellBytes)
	for {
		_, err := bell.Read(buffer)
		if err != nil {
			return
		}
		c.ring()
	}
}

func (c *Command) ring() {
	select {
	case c.rung <- struct{}{}:
	default:
	}
}

// Stop has the supervisor end the command.
func (c *Command) Stop(stop contract.Stop) error { return c.order(contract.Order{Stop: &stop}) }

// Limit changes how much output may lie on the disk; a supervisor without a bell keeps to what it was told first.
func (c *Command) Limit(spoolBytes int64) {
	c.mu.Lock()
	hasPipe := c.orders != nil
	c.mu.Unlock()
	if hasPipe {
		// If it has ended, it is all the same.
		_ = c.order(contract.Order{SpoolBytes: spoolBytes})
	}
}

func (c *Command) order(order contract.Order) error {
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

// Close lets go of the supervisor.
func (c *Command) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.orders != nil {
		c.orders.Close()
	}
}

// Sayings are the end of what the supervisor had to say for people; usually nothing.
func Sayings(directory string) string {
	file, err := os.Open(filepath.Join(directory, contract.DiagnosticsFile))
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > longestSaying {
		_, _ = file.Seek(-longestSaying, io.SeekEnd)
	}
	content, _ := io.ReadAll(file)
	return string(content)
}
