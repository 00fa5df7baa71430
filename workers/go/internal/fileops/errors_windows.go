package fileops

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// noSpace are the errors of a full disk or quota.
var noSpace = []syscall.Errno{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}
