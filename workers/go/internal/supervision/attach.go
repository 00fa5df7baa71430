package supervision

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// Attach attaches to the supervisor that an earlier worker process has started, unless the machine was started anew since. After it has
// returned, no supervisor will begin in the directory that isn't found here; the claim's process id is 0 if none ever did.
//
// The supervisor is told that it is attended as long as isHeard says that somebody listens to the worker; otherwise it ends a command
// that nobody may be waiting for any more.
func Attach(directory string, isSameBoot bool, hasServer func() bool) (*Command, *contract.Claim, error) {
	claim, err := claimOrRead(directory)
	if err != nil {
		return nil, nil, err
	}
	c := newCommand(directory)
	if claim.PID == 0 || !isSameBoot || !claim.IsAlive() {
		close(c.ended)
		return c, claim, nil
	}
	go c.poll(claim.Identity, hasServer)
	return c, claim, nil
}

// claimOrRead is who has claimed a directory, or claims it, so that nobody can any more.
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

// poll is the bell of a supervisor that is somebody else's child.
func (c *Command) poll(supervisor processes.Identity, hasServer func() bool) {
	defer close(c.ended)
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for polls := 0; ; polls++ {
		if polls%pollsPerCheck == 0 {
			if !supervisor.IsAlive() {
				return
			}
			if hasServer() {
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
		// That there is none any more who needs to know isn't known here.
		_ = os.WriteFile(path, nil, 0o600)
	}
}
