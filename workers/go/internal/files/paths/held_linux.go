package paths

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

const passThrough = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC

// HeldDir is a directory in which a process can be started, whatever is swapped for a link meanwhile.
type HeldDir struct{ descriptor int }

// HoldDir opens a directory from one above it downwards; no link below that is followed.
func HoldDir(base, path string) (*HeldDir, error) {
	names, err := namesBelow(base, path)
	if err != nil {
		return nil, err
	}
	descriptor, err := unix.Open(base, passThrough, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: base, Err: err}
	}
	for _, name := range names {
		below, err := unix.Openat(descriptor, name, passThrough|unix.O_NOFOLLOW, 0)
		unix.Close(descriptor)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		descriptor = below
	}
	return &HeldDir{descriptor}, nil
}

// Path is a path by which this process and those that it starts reach the directory, while it is held.
func (h *HeldDir) Path() string { return fmt.Sprintf("/proc/self/fd/%d", h.descriptor) }

// Release lets go of it.
func (h *HeldDir) Release() { unix.Close(h.descriptor) }
