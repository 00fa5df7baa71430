package processes

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// OwnExecutable is the path of this program's file, which can't be replaced while it runs.
func OwnExecutable() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// StartDetached starts a program that can outlive this process: without this process's console and, where that is allowed, outside
// of its job.
func (r *Reaper) StartDetached(program string, arguments []string, input, output *os.File) (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	const flags = windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP
	r.mu.Lock()
	defer r.mu.Unlock()
	start := func(creationFlags uint32) (*os.Process, error) {
		return os.StartProcess(program, append([]string{program}, arguments...), &os.ProcAttr{
			Env: os.Environ(), Files: []*os.File{input, output, null}, Sys: &syscall.SysProcAttr{CreationFlags: creationFlags},
		})
	}
	process, err := start(flags | windows.CREATE_BREAKAWAY_FROM_JOB)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		process, err = start(flags)
	}
	return process, err
}

// WaitDetached waits for a program that StartDetached has started, and returns how it ended.
func (r *Reaper) WaitDetached(process *os.Process) (*os.ProcessState, error) {
	return process.Wait()
}
