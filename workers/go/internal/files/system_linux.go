package files

import (
	"os"
	"syscall"
)

// noSpace are the errors of a full disk or an exhausted quota.
var noSpace = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}

// removeEntry removes a file, a link or an empty directory.
func removeEntry(root *os.Root, path string) error { return root.Remove(path) }
