package processes

import (
	"os"
	"syscall"
)

// OwnExecutable is a path of this program's file, even if another one has been installed in its place.
func OwnExecutable() string {
	path, err := os.Executable()
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return "/proc/self/exe"
	}
	return path
}

// StartDetached starts a program that can outlive this process: in a session of its own, with no open files of this process except
// for the two that become its standard input and output.
//
// Any other child of this process is treated as an orphan that such a program left when it was killed.
func (r *Reaper) StartDetached(program string, arguments []string, input, output *os.File) (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	process, err := os.StartProcess(program, append([]string{program}, arguments...), &os.ProcAttr{
		Dir:   "/",
		Env:   os.Environ(),
		Files: []*os.File{input, output, null},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err == nil {
		r.detached[process.Pid] = true
	}
	return process, err
}

// WaitDetached waits for a program that StartDetached has started, and returns how it ended.
func (r *Reaper) WaitDetached(process *os.Process) (*os.ProcessState, error) {
	state, err := process.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.detached, process.Pid)
	return state, err
}
