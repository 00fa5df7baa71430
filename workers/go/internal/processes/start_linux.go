package processes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// busyPipeBytes is large enough that a busy writer and its reader don't wait for each other at each buffer.
const busyPipeBytes = 1 << 20

// Process is the root of a tree that was started.
type Process struct {
	PID int
	// Outputs are where its output comes from: one (both streams, or a terminal) or two (output and error). Read by the caller,
	// and closed.
	Outputs []*os.File

	tree    *tree
	started uint64
	inputs  []*os.File // Closed at the latest when all is over.
}

// Start starts a process as the leader of a session of its own. The error is a *StartError.
func (h *Reaper) Start(launch Launch) (*Process, error) {
	if info, err := os.Stat(launch.Dir); err != nil || !info.IsDir() {
		return nil, newStartError(BadDirectory, "the working directory %q doesn't exist", launch.Dir)
	}
	path, err := lookPath(launch)
	if err != nil {
		return nil, err
	}
	streams, err := openStreams(launch)
	if err != nil {
		return nil, newStartError(Resources, "%v", err)
	}
	p, err := h.start(launch, path, streams)
	closeAll(streams.childEnds)
	if err != nil {
		closeAll(streams.outputs)
		closeAll(streams.inputs)
		return nil, startErrorOf(err, launch.Argv[0])
	}
	p.Outputs, p.inputs = streams.outputs, streams.inputs
	for _, input := range streams.inputs {
		writeInput(input, streams.stdin)
	}
	return p, nil
}

func (h *Reaper) start(launch Launch, path string, streams *streams) (*Process, error) {
	attributes := &syscall.ProcAttr{
		Dir: launch.Dir,
		Env: launch.Env,
		Sys: &syscall.SysProcAttr{Setsid: true, Setctty: launch.Terminal != nil},
	}
	for _, file := range streams.childStreams {
		attributes.Files = append(attributes.Files, file.Fd())
	}
	t := &tree{reaper: h, cookie: launch.Cookie}
	if h.cgroupParent != "" {
		leaf, err := newCgroup(h.CgroupPath(launch.Cookie))
		if err != nil {
			return nil, err
		}
		directory, err := os.Open(leaf.path)
		if err != nil {
			return nil, err
		}
		defer directory.Close()
		t.cgroup = leaf
		attributes.Sys.UseCgroupFD, attributes.Sys.CgroupFD = true, int(directory.Fd())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	// Past the os package, which would start another process first, to see how processes are waited for here.
	pid, err := withUmask(launch.Umask, func() (int, error) {
		pid, _, err := syscall.StartProcess(path, launch.Argv, attributes)
		return pid, err
	})
	if err != nil {
		t.cgroup.remove()
		return nil, err
	}
	runtime.KeepAlive(streams)
	t.root = pid
	h.trees[t] = true
	p := &Process{PID: pid, tree: t}
	if info := readStat(pid); info != nil {
		p.started = info.started
	}
	return p, nil
}

// Identity is what a later worker process recognises it by.
func (p *Process) Identity() Identity {
	identity := Identity{PID: p.PID, Started: p.started}
	if p.tree.cgroup != nil {
		identity.Cgroup = p.tree.cgroup.path
	}
	return identity
}

// Wait returns when the root process has ended; once.
func (p *Process) Wait() (Status, error) {
	var waited syscall.WaitStatus
	var usage syscall.Rusage
	for {
		_, err := syscall.Wait4(p.PID, &waited, 0, &usage)
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			return Status{}, err
		}
	}
	status := Status{User: time.Duration(usage.Utime.Nano()), System: time.Duration(usage.Stime.Nano())}
	if waited.Signaled() {
		status.Signal = uint32(waited.Signal())
	} else {
		status.Code = uint32(waited.ExitStatus())
	}
	return status, nil
}

// Stop asks the tree to end, or makes it.
func (p *Process) Stop(level Level) {
	switch level {
	case Kill:
		p.tree.cgroup.kill()
		p.tree.signal(unix.SIGKILL)
	case Terminate:
		p.tree.signal(unix.SIGTERM)
	default:
		p.tree.signal(unix.SIGINT)
	}
}

// KillSurvivors kills whoever of the tree is left after the root has ended, and tells who that was. Gives up after ten seconds.
func (p *Process) KillSurvivors() []Survivor {
	defer closeAll(p.inputs)
	return p.tree.killSurvivors()
}

// withUmask starts a process with another file mode creation mask, on a thread that shares its mask with no other and isn't used
// again.
func withUmask(mask *uint32, start func() (int, error)) (pid int, err error) {
	if mask == nil {
		return start()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // Never unlocked: the thread ends with the goroutine.
		if err = unix.Unshare(unix.CLONE_FS); err == nil {
			unix.Umask(int(*mask))
			pid, err = start()
		}
	}()
	<-done
	return pid, err
}

// lookPath finds the program as the command's own environment and directory say. What exists and can't be run is left to the system
// to complain about.
func lookPath(launch Launch) (string, error) {
	program := launch.Argv[0]
	if strings.Contains(program, "/") {
		return program, nil
	}
	path := ""
	for _, variable := range launch.Env {
		if value, isPath := strings.CutPrefix(variable, "PATH="); isPath {
			path = value
		}
	}
	found := ""
	for _, directory := range filepath.SplitList(path) {
		candidate := filepath.Join(launch.Dir, directory, program)
		if filepath.IsAbs(directory) {
			candidate = filepath.Join(directory, program)
		}
		info, err := os.Stat(candidate)
		if err != nil || info.IsDir() {
			continue
		}
		if unix.Access(candidate, unix.X_OK) == nil {
			return candidate, nil
		}
		found = candidate
	}
	if found == "" {
		return "", newStartError(ProgramNotFound, "there is no program %q", program)
	}
	return found, nil
}

func startErrorOf(err error, program string) *StartError {
	var number syscall.Errno
	errors.As(err, &number)
	switch number {
	case syscall.ENOENT, syscall.ENOTDIR:
		return newStartError(ProgramNotFound, "there is no program %q, or no interpreter for it", program)
	case syscall.ENOEXEC:
		return newStartError(NotExecutable, "%q isn't a program this machine can run", program)
	case syscall.E2BIG, syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE:
		return newStartError(Resources, "%v", number)
	}
	if errors.Is(err, fs.ErrPermission) {
		return newStartError(PermissionDenied, "%q may not be run", program)
	}
	return newStartError(OtherFailure, "%v", err)
}

// EnlargePipe makes room for a busy writer; where that can't be had, things go on as they are.
func EnlargePipe(file *os.File) {
	connection, err := file.SyscallConn()
	if err != nil {
		return
	}
	_ = connection.Control(func(descriptor uintptr) {
		_, _ = unix.FcntlInt(descriptor, unix.F_SETPIPE_SZ, busyPipeBytes)
	})
}
