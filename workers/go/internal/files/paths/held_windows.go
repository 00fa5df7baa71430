package paths

import (
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// HeldDir is a directory in which a process can be started, whatever somebody would swap for a link meanwhile.
type HeldDir struct {
	path    string
	handles []windows.Handle
}

// HoldDir opens a directory and those between it and one above it. None of them can be a link, nor be renamed or removed while they
// are held, since they aren't shared for that.
func HoldDir(base, path string) (*HeldDir, error) {
	names, err := namesBelow(base, path)
	if err != nil {
		return nil, err
	}
	held, place := &HeldDir{path: path}, base
	for _, name := range names {
		place = filepath.Join(place, name)
		if err := held.hold(place); err != nil {
			held.Release()
			return nil, err
		}
	}
	return held, nil
}

func (h *HeldDir) hold(place string) error {
	name, err := windows.UTF16PtrFromString(place)
	if err != nil {
		return err
	}
	handle, err := windows.CreateFile(
		name, windows.FILE_READ_ATTRIBUTES|windows.FILE_TRAVERSE, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0,
	)
	if err != nil {
		return &fs.PathError{Op: "open", Path: place, Err: err}
	}
	h.handles = append(h.handles, handle)
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(handle, &info); err != nil {
		return &fs.PathError{Op: "stat", Path: place, Err: err}
	}
	if info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		return &EscapesError{place}
	}
	return nil
}

// Path is the directory's.
func (h *HeldDir) Path() string { return h.path }

// Release lets go of it.
func (h *HeldDir) Release() {
	for _, handle := range h.handles {
		_ = windows.CloseHandle(handle)
	}
}
