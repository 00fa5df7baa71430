package supervision

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

const (
	// pollInterval is how often the directory of a supervisor is read that can't notify this process.
	pollInterval = 50 * time.Millisecond
	// pollsPerCheck: it is checked less often whether the supervisor lives, and noted that it is attended.
	pollsPerCheck = 10
	// claimTimeout is how long a claim that isn't whole is waited for.
	claimTimeout = time.Second
)

// Attach attaches to the supervisor that an earlier worker process has started in this boot of the machine. After it has returned,
// no other supervisor will start anything in the directory; the claim's process id is 0 if none ever did.
//
// While isConnected reports that a server is connected to the worker, the supervisor is marked as attended. One that is unattended
// for too long ends its command.
func Attach(directory string, isConnected func() bool) (*Command, *contract.Claim, error) {
	claim, err := claimOrRead(directory)
	if err != nil {
		return nil, nil, err
	}
	c := newCommand(directory)
	if claim.PID == 0 || !claim.IsAlive() {
		close(c.ended)
		return c, claim, nil
	}
	go c.poll(claim.Identity, isConnected)
	return c, claim, nil
}

// claimOrRead returns the claim of a directory. If there is none, it claims the directory for this process, so that no supervisor
// can.
func claimOrRead(directory string) (*contract.Claim, error) {
	for deadline := time.Now().Add(claimTimeout); ; time.Sleep(pollInterval) {
		claim, err := contract.ReadClaim(directory)
		if claim != nil || err != nil {
			return claim, err
		}
		own := contract.Claim{Version: contract.Version}
		err = own.Create(directory)
		if !errors.Is(err, contract.ErrClaimed) {
			return &own, err
		}
		if time.Now().After(deadline) {
			// A crash of the machine left a claim that isn't whole.
			return &own, nil
		}
	}
}

// poll stands in for the notifications of a supervisor that another process has started.
func (c *Command) poll(supervisor processes.Identity, isConnected func() bool) {
	defer close(c.ended)
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for polls := 0; ; polls++ {
		if polls%pollsPerCheck == 0 {
			if !supervisor.IsAlive() {
				return
			}
			if isConnected() {
				c.markAttended()
			}
		}
		<-ticker.C
		c.notify()
		if _, err := os.Stat(filepath.Join(c.Directory, contract.ExitFile)); err == nil {
			return
		}
	}
}

// markAttended lets the supervisor know that there is a worker.
func (c *Command) markAttended() {
	path := filepath.Join(c.Directory, contract.AttendedFile)
	now := time.Now()
	if os.Chtimes(path, now, now) != nil {
		// It may have ended; then the file is of no use, and does no harm.
		_ = os.WriteFile(path, nil, 0o600)
	}
}
