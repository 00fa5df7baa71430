package processes

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	// killedExitCode is the exit code of the processes of a killed job, as after Ctrl-C.
	killedExitCode = uint32(windows.STATUS_CONTROL_C_EXIT)
	// maxListedProcesses is how many processes of a job are named.
	maxListedProcesses = 1024
	// processorTimeUnit is the unit in which the system counts processor time.
	processorTimeUnit = 100 * time.Nanosecond
	// attributeJobList is PROC_THREAD_ATTRIBUTE_JOB_LIST: the jobs that a process is created in.
	attributeJobList = 0x0002000D
)

var procIsProcessInJob = kernel32.NewProc("IsProcessInJob")

// job is the job object that holds one tree. What is started in it stays in it, and is killed when the last handle of the job is
// closed.
type job struct{ handle windows.Handle }

// accounting is JOBOBJECT_BASIC_ACCOUNTING_INFORMATION.
type accounting struct {
	TotalUserTime, TotalKernelTime           int64
	ThisPeriodUserTime, ThisPeriodKernelTime int64
	TotalPageFaultCount, TotalProcesses      uint32
	ActiveProcesses, TotalTerminated         uint32
}

// processList is JOBOBJECT_BASIC_PROCESS_ID_LIST.
type processList struct {
	Assigned, Listed uint32
	IDs              [maxListedProcesses]uintptr
}

func newJob() (*job, error) {
	handle, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, fmt.Errorf("making a job object: %w", err)
	}
	// No breakaway is allowed, so that children can't leave.
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, err = windows.SetInformationJobObject(
		handle, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("limiting a job object: %w", err), windows.CloseHandle(handle))
	}
	return &job{handle}, nil
}

// ensureMember puts a process into the job unless it is there. It should have been created there.
func (j *job) ensureMember(process windows.Handle) error {
	var isMember int32
	done, _, err := procIsProcessInJob.Call(uintptr(process), uintptr(j.handle), uintptr(unsafe.Pointer(&isMember)))
	if done == 0 {
		return fmt.Errorf("checking whether the process is in its job: %w", err)
	}
	if isMember != 0 {
		return nil
	}
	if err := windows.AssignProcessToJobObject(j.handle, process); err != nil {
		return fmt.Errorf("putting the process into its job: %w", err)
	}
	return nil
}

// accounting is how much processor time the job has used, and how many processes it has.
func (j *job) accounting() (accounting, error) {
	var found accounting
	err := windows.QueryInformationJobObject(j.handle, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&found)), uint32(unsafe.Sizeof(found)), nil)
	return found, err
}

// members are the processes in the job.
func (j *job) members() []Survivor {
	var list processList
	err := windows.QueryInformationJobObject(j.handle, windows.JobObjectBasicProcessIdList,
		uintptr(unsafe.Pointer(&list)), uint32(unsafe.Sizeof(list)), nil)
	if err != nil && !errors.Is(err, windows.ERROR_MORE_DATA) {
		return nil
	}
	var members []Survivor
	for _, id := range list.IDs[:min(list.Listed, maxListedProcesses)] {
		members = append(members, Survivor{int(id), programName(uint32(id))})
	}
	return members
}

// terminate kills all processes in the job at once.
func (j *job) terminate() {
	// It fails only for an empty job, or a wrong handle.
	_ = windows.TerminateJobObject(j.handle, killedExitCode)
}

// killSurvivors kills the processes that are left in the job, and returns them when they are gone.
func (j *job) killSurvivors() []Survivor {
	members := j.members()
	for deadline := time.Now().Add(killTimeout); time.Now().Before(deadline); time.Sleep(killPollInterval) {
		if found, err := j.accounting(); err != nil || found.ActiveProcesses == 0 {
			break
		}
		j.terminate()
	}
	return members
}

func (j *job) close() { windows.CloseHandle(j.handle) }

// programName is the file name of a process's program; empty if that isn't known.
func programName(pid uint32) string {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(handle)
	buffer := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(len(buffer))
	if err := windows.QueryFullProcessImageName(handle, 0, &buffer[0], &size); err != nil {
		return ""
	}
	name := filepath.Base(strings.ReplaceAll(windows.UTF16ToString(buffer[:size]), "/", `\`))
	return name[:min(len(name), maxNameBytes)]
}
