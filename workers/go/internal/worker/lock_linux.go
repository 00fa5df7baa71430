package worker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrStateInUse is returned when another worker runs on the same state directory.
var ErrStateInUse = errors.New("another worker is using this state directory; each worker needs one of its own")

// Lock locks a state directory for one worker. The system unlocks it when the process ends, however it does.
func Lock(stateDir string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(stateDir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the state directory: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", stateDir, ErrStateInUse)
		}
		return nil, fmt.Errorf("locking the state directory: %w", err)
	}
	return func() { file.Close() }, nil
}
