package worker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// ErrStateInUse is returned when another worker runs on the same state directory.
var ErrStateInUse = errors.New("another worker is using this state directory; each worker needs one of its own")

// Lock locks a state directory for one worker. The system unlocks it when the process ends, however it does.
func Lock(stateDir string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(stateDir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the state directory: %w", err)
	}
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY)
	if err := windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, new(windows.Overlapped)); err != nil {
		file.Close()
		if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
			return nil, fmt.Errorf("%s: %w", stateDir, ErrStateInUse)
		}
		return nil, fmt.Errorf("locking the state directory: %w", err)
	}
	return func() { file.Close() }, nil
}
