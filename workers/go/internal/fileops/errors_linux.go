package fileops

import "syscall"

// noSpace are the errors of a full disk or quota.
var noSpace = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}
