package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/windows"
)

const (
	busyTimeout       = 3 * time.Second
	busyRetryInterval = 10 * time.Millisecond
)

// Rename gives a file another name, in place of a file that has it; whoever just reads that one (another process of ours, a virus
// scanner) is waited for.
func Rename(from, to string) error {
	return retryWhileBusy(func() error { return os.Rename(from, to) })
}

// RemoveTree removes a directory with all that is in it; that there is none is no error. Whoever just reads in it, or is about to end,
// is waited for.
func RemoveTree(path string) error {
	return retryWhileBusy(func() error {
		if err := os.RemoveAll(path); err == nil {
			return nil
		}
		return removeByNames(path)
	})
}

// removeByNames removes a tree without the handles that the library prefers, which aren't enough for Wine.
func removeByNames(path string) error {
	var names []string
	err := filepath.WalkDir(path, func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, name := range slices.Backward(names) {
		if removing := os.Remove(name); removing != nil && !errors.Is(removing, fs.ErrNotExist) {
			err = errors.Join(err, removing)
		}
	}
	return err
}

// retryWhileBusy does something again until nobody else is in the way, or gives up.
func retryWhileBusy(do func() error) error {
	for deadline := time.Now().Add(busyTimeout); ; time.Sleep(busyRetryInterval) {
		err := do()
		isBusy := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED) ||
			errors.Is(err, windows.ERROR_DIR_NOT_EMPTY)
		if !isBusy || time.Now().After(deadline) {
			return err
		}
	}
}
