package processes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// maxCreateAttempts at creating a process that the system itself breaks off.
const maxCreateAttempts = 3

// Process is the root of a tree that was started.
type Process struct {
	PID int
	// Outputs are where its output comes from: one or two (output and error). Read by the caller, and closed.
	Outputs []*os.File

	handle  windows.Handle
	job     *job
	started uint64
	inputs  []*os.File // Closed at the latest when all is over.
	script  string     // A file to remove at the end; empty without.
}

// Start starts a process in a job of its own. It is created there, suspended, and resumed when it is known to be there: no child of it
// can be outside, and nothing of it is left when this program is killed meanwhile. The error is a *StartError.
func (h *Reaper) Start(launch Launch) (*Process, error) {
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
	p, err := h.start(launch, line, streams)
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

func (h *Reaper) start(launch Launch, line *commandLine, streams *streams) (*Process, error) {
	job, err := newJob()
	if err != nil {
		return nil, err
	}
	created, err := h.create(launch, line, streams, job)
	for tries := 1; errors.Is(err, windows.ERROR_INTERNAL_ERROR) && tries < maxCreateAttempts; tries++ {
		// Under Wine, on a very busy machine: the process has died before it was one.
		created, err = h.create(launch, line, streams, job)
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

// create makes a suspended process in a job that inherits nothing but its three streams.
func (h *Reaper) create(
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
	h.mu.Lock()
	defer h.mu.Unlock()
	handles, err := inheritStreams(attributes, streams)
	if err != nil {
		return nil, err
	}
	startup.StdInput, startup.StdOutput, startup.StdErr = handles[0], handles[1], handles[2]
	created := new(windows.ProcessInformation)
	err = windows.CreateProcess(program, text, nil, nil, true,
		// A console without a window: what can be interrupted by Ctrl-C without the worker being hit.
		windows.CREATE_SUSPENDED|windows.CREATE_NO_WINDOW|windows.CREATE_UNICODE_ENVIRONMENT|
			windows.EXTENDED_STARTUPINFO_PRESENT,
		&environment[0], directory, &startup.StartupInfo, created)
	return created, err
}

// inheritStreams lets the process that is created next inherit its three streams.
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

// environmentBlock is variables as Windows takes them; each ends with NUL, and so does the block.
func environmentBlock(variables []string) []uint16 {
	var block []uint16
	for _, variable := range variables {
		text, err := windows.UTF16FromString(variable)
		if err != nil {
			continue // The plan has refused NUL.
		}
		block = append(block, text...)
	}
	if len(block) == 0 {
		block = append(block, 0)
	}
	return append(block, 0)
}

// Identity is what a later worker process recognises it by.
func (p *Process) Identity() Identity { return Identity{PID: p.PID, Started: p.started} }

// Wait returns when the root process has ended; once.
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

// Stop asks the tree to end, or makes it.
func (p *Process) Stop(level Level) {
	if level == Interrupt {
		p.interrupt()
	} else {
		p.job.terminate()
	}
}

// KillSurvivors kills whoever of the tree is left after the root has ended, and tells who that was. Gives up after ten seconds.
func (p *Process) KillSurvivors() []Survivor {
	defer p.job.close()
	survivors := p.job.killSurvivors()
	closeAll(p.inputs)
	if p.script != "" {
		_ = os.Remove(p.script)
	}
	return survivors
}

// lookPath finds the program as the command's own environment and directory say.
func lookPath(launch Launch) (string, error) {
	program := filepath.FromSlash(launch.Argv[0])
	path := variableOf(launch.Env, "PATH")
	extensions := strings.Split(strings.ToLower(variableOf(launch.Env, "PATHEXT")), ";")
	if variableOf(launch.Env, "PATHEXT") == "" {
		extensions = []string{".com", ".exe", ".bat", ".cmd"}
	}
	directories := filepath.SplitList(path)
	if strings.ContainsAny(program, `\:`) {
		directories = []string{""}
	}
	for _, directory := range directories {
		candidate := filepath.Join(directory, program)
		if !filepath.IsAbs(candidate) {
			candidate = filepath.Join(launch.Dir, candidate)
		}
		for _, extension := range append([]string{""}, extensions...) {
			if extension == "" && filepath.Ext(candidate) == "" {
				continue // Windows runs nothing without an extension.
			}
			if info, err := os.Stat(candidate + extension); err == nil && !info.IsDir() {
				return candidate + extension, nil
			}
		}
	}
	return "", newStartError(ProgramNotFound, "there is no program %s", quoted(launch.Argv[0]))
}

func variableOf(environment []string, name string) string {
	for _, variable := range environment {
		if key, value, _ := strings.Cut(variable, "="); strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

func startErrorOf(err error, program string) *StartError {
	switch {
	case errors.Is(err, windows.ERROR_FILE_NOT_FOUND), errors.Is(err, windows.ERROR_PATH_NOT_FOUND):
		return newStartError(ProgramNotFound, "there is no program %s", quoted(program))
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return newStartError(PermissionDenied, "%s may not be run", quoted(program))
	case errors.Is(err, windows.ERROR_BAD_EXE_FORMAT), errors.Is(err, windows.ERROR_EXE_MACHINE_TYPE_MISMATCH):
		return newStartError(NotExecutable, "%s isn't a program this machine can run", quoted(program))
	case errors.Is(err, windows.ERROR_FILENAME_EXCED_RANGE), errors.Is(err, windows.ERROR_NOT_ENOUGH_MEMORY),
		errors.Is(err, windows.ERROR_NO_SYSTEM_RESOURCES), errors.Is(err, windows.ERROR_COMMITMENT_LIMIT):
		return newStartError(Resources, "%v", err)
	}
	return newStartError(OtherFailure, "%v", err)
}

// EnlargePipe has nothing to do: pipes of this system grow by themselves.
func EnlargePipe(*os.File) {}
