package processes

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// OwnExecutable is the file of this program; the system doesn't let it be replaced while it runs.
func OwnExecutable() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// StartDetached starts a program in a way that lets it go on without this process: without its console and, where that is allowed,
// outside of its job.
func (h *Reaper) StartDetached(program string, arguments []string, input, output *os.File) (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	const alone = windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP
	h.mu.Lock()
	defer h.mu.Unlock()
	start := func(flags uint32) (*os.Process, error) {
		return os.StartProcess(program, append([]string{program}, arguments...), &os.ProcAttr{
			Env: os.Environ(), Files: []*os.File{input, output, null}, Sys: &syscall.SysProcAttr{CreationFlags: flags},
		})
	}
	process, err := start(alone | windows.CREATE_BREAKAWAY_FROM_JOB)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		process, err = start(alone)
	}
	return process, err
}

// WaitDetached returns how a program ended that StartDetached has started.
func (h *Reaper) WaitDetached(process *os.Process) (*os.ProcessState, error) {
	return process.Wait()
}
