package supervision

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// Find attaches to the supervisor that an earlier worker process has started, unless the machine was started anew since. After it has
// returned, no supervisor will begin in the directory that isn't found here; the claim's process id is 0 if none ever did.
//
// The supervisor is told that it is attended as long as isHeard says that somebody listens to the worker; otherwise it ends a command
// that nobody may be waiting for any more.
func Find(directory string, isSameBoot bool, isHeard func() bool) (*Command, *contract.Claim, error) {
	claim, err := settle(directory)
	if err != nil {
		return nil, nil, err
	}
	c := newCommand(directory)
	if claim.PID == 0 || !isSameBoot || !claim.IsAlive() {
		close(c.ended)
		return c, claim, nil
	}
	go c.look(claim.Identity, isHeard)
	return c, claim, nil
}

// settle is who has claimed a directory, or claims it, so that nobody can any more.
func settle(directory string) (*contract.Claim, error) {
	for deadline := time.Now().Add(claimPatience); ; time.Sleep(lookInterval) {
		claim, err := contract.ReadClaim(directory)
		if claim != nil || err != nil {
			return claim, err
		}
		own := contract.Claim{Version: contract.Version}
		err = own.Put(directory)
		if !errors.Is(err, contract.ErrClaimed) {
			return &own, err
		}
		if time.Now().After(deadline) {
			// A crash of the machine left a claim that isn't whole.
			return &own, nil
		}
	}
}

// look is the bell of a supervisor that is somebody else's child.
func (c *Command) look(supervisor processes.Identity, isHeard func() bool) {
	defer close(c.ended)
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for looks := 0; ; looks++ {
		if looks%looksPerCheck == 0 {
			if !supervisor.IsAlive() {
				return
			}
			if isHeard() {
				c.attend()
			}
		}
		<-ticker.C
		c.ring()
		if _, err := os.Stat(filepath.Join(c.Directory, contract.ExitFile)); err == nil {
			return
		}
	}
}

// attend lets the supervisor know that there is a worker.
func (c *Command) attend() {
	path := filepath.Join(c.Directory, contract.AttendedFile)
	now := time.Now()
	if os.Chtimes(path, now, now) != nil {
		// That there is none any more who needs to know isn't known here.
		_ = os.WriteFile(path, nil, 0o600)
	}
}
