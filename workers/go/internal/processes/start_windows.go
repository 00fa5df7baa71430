package processes

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// maxCreateAttempts is how often it is tried to create a process, if the system fails with an internal error.
const maxCreateAttempts = 3

// Process is the root of a tree of processes.
type Process struct {
	PID int
	// Outputs are what it writes to: one, or two (standard output and error). The caller reads and closes them.
	Outputs []*os.File

	handle  windows.Handle
	job     *job
	started uint64
	inputs  []*os.File // Closed by KillSurvivors at the latest.
	script  string     // A file that KillSurvivors removes; empty: none.
}

// Start starts a process in a job of its own. It is created there, suspended, and resumed when it is certainly there: no child of
// it can be outside, and nothing of it is left if this program is killed meanwhile. The error is a *StartError.
func (r *Reaper) Start(launch Launch) (*Process, error) {
	if info, err := os.Stat(launch.Dir); err != nil || !info.IsDir() {
		return nil, newStartError(BadDirectory, "the working directory %s doesn't exist", quoted(launch.Dir))
	}
	line, err := commandLineOf(launch)
	if err != nil {
		return nil, err
	}
	streams, err := openStreams(launch)
	if err != nil {
		line.remove()
		return nil, newStartError(Resources, "%v", err)
	}
	p, err := r.start(launch, line, streams)
	closeAll(streams.childEnds)
	if err != nil {
		line.remove()
		closeAll(streams.outputs)
		closeAll(streams.inputs)
		return nil, startErrorOf(err, launch.Argv[0])
	}
	p.script, p.Outputs, p.inputs = line.script, streams.outputs, streams.inputs
	for _, input := range streams.inputs {
		writeInput(input, launch.Stdin)
	}
	return p, nil
}

func (r *Reaper) start(launch Launch, line *commandLine, streams *streams) (*Process, error) {
	job, err := newJob()
	if err != nil {
		return nil, err
	}
	created, err := r.create(launch, line, streams, job)
	for tries := 1; errors.Is(err, windows.ERROR_INTERNAL_ERROR) && tries < maxCreateAttempts; tries++ {
		// Under Wine on a very busy machine: the process has died while it was created.
		created, err = r.create(launch, line, streams, job)
	}
	if err != nil {
		job.close()
		return nil, err
	}
	defer windows.CloseHandle(created.Thread)
	if err := job.ensureMember(created.Process); err != nil {
		job.close()
		return nil, errors.Join(err, windows.TerminateProcess(created.Process, killedExitCode), windows.CloseHandle(created.Process))
	}
	p := &Process{PID: int(created.ProcessId), handle: created.Process, job: job, started: creationTime(created.Process)}
	if _, err := windows.ResumeThread(created.Thread); err != nil {
		job.terminate()
		job.close()
		return nil, errors.Join(fmt.Errorf("resuming the process: %w", err), windows.CloseHandle(created.Process))
	}
	return p, nil
}

// create makes a suspended process in a job. It inherits nothing but its three streams.
func (r *Reaper) create(
	launch Launch, line *commandLine, streams *streams, job *job,
) (*windows.ProcessInformation, error) {
	program, err := windows.UTF16PtrFromString(line.program)
	if err != nil {
		return nil, err
	}
	text, err := windows.UTF16PtrFromString(line.text)
	if err != nil {
		return nil, err
	}
	directory, err := windows.UTF16PtrFromString(launch.Dir)
	if err != nil {
		return nil, err
	}
	attributes, err := windows.NewProcThreadAttributeList(2)
	if err != nil {
		return nil, fmt.Errorf("listing the handles to inherit: %w", err)
	}
	defer attributes.Delete()
	if err := attributes.Update(attributeJobList, unsafe.Pointer(&job.handle), unsafe.Sizeof(job.handle)); err != nil {
		return nil, fmt.Errorf("naming the job: %w", err)
	}
	environment := environmentBlock(launch.Env)
	if line.variable != "" {
		environment = environmentBlock(append(slices.Clone(launch.Env), line.variable))
	}
	startup := &windows.StartupInfoEx{ProcThreadAttributeList: attributes.List()}
	startup.Cb = uint32(unsafe.Sizeof(*startup))
	startup.Flags = windows.STARTF_USESTDHANDLES
	r.mu.Lock()
	defer r.mu.Unlock()
	handles, err := inheritStreams(attributes, streams)
	if err != nil {
		return nil, err
	}
	startup.StdInput, startup.StdOutput, startup.StdErr = handles[0], handles[1], handles[2]
	created := new(windows.ProcessInformation)
	err = windows.CreateProcess(program, text, nil, nil, true,
		// With a console of its own, without a window: Ctrl-C on it doesn't reach the worker.
		windows.CREATE_SUSPENDED|windows.CREATE_NO_WINDOW|windows.CREATE_UNICODE_ENVIRONMENT|
			windows.EXTENDED_STARTUPINFO_PRESENT,
		&environment[0], directory, &startup.StartupInfo, created)
	return created, err
}

// inheritStreams has the process that is created next inherit its three streams, and returns their handles.
func inheritStreams(attributes *windows.ProcThreadAttributeListContainer, streams *streams) ([]windows.Handle, error) {
	var handles []windows.Handle
	for _, file := range streams.childStreams {
		handle := windows.Handle(file.Fd())
		if err := windows.SetHandleInformation(handle, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
			return nil, fmt.Errorf("handing a stream on: %w", err)
		}
		handles = append(handles, handle)
	}
	unique := slices.Compact(slices.Clone(handles))
	err := attributes.Update(windows.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, unsafe.Pointer(&unique[0]),
		uintptr(len(unique))*unsafe.Sizeof(unique[0]))
	if err != nil {
		return nil, fmt.Errorf("listing the handles to inherit: %w", err)
	}
	return handles, nil
}

// environmentBlock is an environment as CreateProcess takes it: each variable ends with NUL, and so does the block.
func environmentBlock(variables []string) []uint16 {
	var block []uint16
	for _, variable := range variables {
		text, err := windows.UTF16FromString(variable)
		if err != nil {
			continue // It has a NUL; the plan has refused those.
		}
		block = append(block, text...)
	}
	if len(block) == 0 {
		block = append(block, 0)
	}
	return append(block, 0)
}

// Identity is what another process recognises it by.
func (p *Process) Identity() Identity { return Identity{PID: p.PID, Started: p.started} }

// Wait waits until the root process has ended. It must be called only once.
func (p *Process) Wait() (Status, error) {
	defer windows.CloseHandle(p.handle)
	if _, err := windows.WaitForSingleObject(p.handle, windows.INFINITE); err != nil {
		return Status{}, err
	}
	var status Status
	if err := windows.GetExitCodeProcess(p.handle, &status.Code); err != nil {
		return Status{}, err
	}
	if used, err := p.job.accounting(); err == nil {
		status.User, status.System = time.Duration(used.TotalUserTime)*processorTimeUnit, time.Duration(used.TotalKernelTime)*processorTimeUnit
	}
	return status, nil
}

// Stop ends the tree at a level: by Ctrl-C on its console, or by killing it.
func (p *Process) Stop(level Level) {
	if level == Interrupt {
		p.interrupt()
	} else {
		p.job.terminate()
	}
}

// KillSurvivors kills the processes of the tree that have outlived its root, and returns them. It gives up after ten seconds.
func (p *Process) KillSurvivors() []Survivor {
	defer p.job.close()
	survivors := p.job.killSurvivors()
	closeAll(p.inputs)
	if p.script != "" {
		_ = os.Remove(p.script)
	}
	return survivors
}

// EnlargePipe does nothing: pipes of this system grow by themselves.
func EnlargePipe(*os.File) {}
