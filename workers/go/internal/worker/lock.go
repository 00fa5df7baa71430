package worker

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// lockPollInterval is how often AwaitLock looks whether a file is free.
const lockPollInterval = 50 * time.Millisecond

// ErrStateInUse is returned when another worker runs on the same state directory.
var ErrStateInUse = errors.New("another worker is using this state directory; each worker needs one of its own")

var errLocked = errors.New("another process has it locked")

// Lock locks a state directory for one worker. The system unlocks it when the process ends, however it does.
func Lock(stateDir string) (unlock func(), err error) {
	unlock, err = lock(filepath.Join(stateDir, "lock"))
	switch {
	case errors.Is(err, errLocked):
		return nil, fmt.Errorf("%s: %w", stateDir, ErrStateInUse)
	case err != nil:
		return nil, fmt.Errorf("locking the state directory: %w", err)
	}
	return unlock, nil
}

// AwaitLock locks a file, which is made if it is missing, as soon as no other process has it locked. The system unlocks it when this
// process ends, however it does.
func AwaitLock(path string) (unlock func(), err error) {
	for {
		unlock, err = lock(path)
		if !errors.Is(err, errLocked) {
			return unlock, err
		}
		time.Sleep(lockPollInterval)
	}
}
