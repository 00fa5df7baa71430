package processes

import (
	"os"
	"syscall"
)

// OwnExecutable is the file of this program, also when it was replaced meanwhile.
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

// StartDetached starts a program in a way that lets it go on without this process: in a session of its own, holding nothing of this
// process but the files it is given as standard input and output.
//
// Whoever else becomes a child of this process is taken for what such a program left when it was killed.
func (h *Reaper) StartDetached(program string, arguments []string, input, output *os.File) (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	process, err := os.StartProcess(program, append([]string{program}, arguments...), &os.ProcAttr{
		Dir:   "/",
		Env:   os.Environ(),
		Files: []*os.File{input, output, null},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err == nil {
		h.detached[process.Pid] = true
	}
	return process, err
}

// WaitDetached returns how a program ended that StartDetached has started.
func (h *Reaper) WaitDetached(process *os.Process) (*os.ProcessState, error) {
	state, err := process.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.detached, process.Pid)
	return state, err
}
