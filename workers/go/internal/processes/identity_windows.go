package processes

import (
	"os"

	"golang.org/x/sys/windows"
)

// Self is the identity of this process.
func Self() Identity {
	return Identity{PID: os.Getpid(), Started: startOf(windows.CurrentProcess())}
}

// IsAlive tells whether the process that an identity names runs, and not merely another with its id.
func (i Identity) IsAlive() bool {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, uint32(i.PID))
	if err != nil {
		return false
	}
	defer windows.CloseHandle(handle)
	event, err := windows.WaitForSingleObject(handle, 0)
	return err == nil && event == uint32(windows.WAIT_TIMEOUT) && startOf(handle) == i.Started
}

// startOf is when a process was created, in the system's own units.
func startOf(handle windows.Handle) uint64 {
	var birth, death, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(handle, &birth, &death, &kernel, &user); err != nil {
		return 0
	}
	return uint64(birth.Nanoseconds())
}
