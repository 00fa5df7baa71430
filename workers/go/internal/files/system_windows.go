package files

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// noSpace are the errors of a full disk or an exhausted quota.
var noSpace = []syscall.Errno{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}

// removeEntry removes a file, a link or an empty directory, by its name where it can't be removed by its handle (Wine).
func removeEntry(root *os.Root, path string) error {
	err := root.Remove(path)
	if errors.Is(err, windows.ERROR_INVALID_FUNCTION) {
		return os.Remove(filepath.Join(root.Name(), path))
	}
	return err
}
