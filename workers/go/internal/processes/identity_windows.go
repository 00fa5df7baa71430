package processes

import (
	"os"

	"golang.org/x/sys/windows"
)

// OwnIdentity is the identity of this process.
func OwnIdentity() Identity {
	return Identity{PID: os.Getpid(), Started: creationTime(windows.CurrentProcess())}
}

// IsAlive reports whether the process runs that an identity names; another process with the same id doesn't count.
func (i Identity) IsAlive() bool {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, uint32(i.PID))
	if err != nil {
		return false
	}
	defer windows.CloseHandle(handle)
	event, err := windows.WaitForSingleObject(handle, 0)
	return err == nil && event == uint32(windows.WAIT_TIMEOUT) && creationTime(handle) == i.Started
}

// creationTime is when a process was created, in nanoseconds; 0 if that isn't known.
func creationTime(handle windows.Handle) uint64 {
	var birth, death, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(handle, &birth, &death, &kernel, &user); err != nil {
		return 0
	}
	return uint64(birth.Nanoseconds())
}
