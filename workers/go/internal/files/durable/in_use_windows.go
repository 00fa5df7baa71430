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

// Rename renames a file, and replaces one that has the name. If another process is just reading that one (a virus scanner, or one
// of ours), it waits up to three seconds.
func Rename(from, to string) error {
	return retryWhileBusy(func() error { return os.Rename(from, to) })
}

// RemoveTree removes a directory with its contents. It is no error if there is none. If another process has a file open there, it
// waits up to three seconds.
func RemoveTree(path string) error {
	return retryWhileBusy(func() error {
		if err := os.RemoveAll(path); err == nil {
			return nil
		}
		return removeByNames(path)
	})
}

// removeByNames removes a tree path by path: Wine can't remove by handles relative to a directory, as os.RemoveAll does.
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

// retryWhileBusy calls do until no other process is in the way, at most for busyTimeout.
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
