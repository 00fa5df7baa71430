package processes

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// busyPipeBytes is the size of the pipes of commands that write much, so that writer and reader rarely wait for each other.
const busyPipeBytes = 1 << 20

// Process is the root of a tree of processes.
type Process struct {
	PID int
	// Outputs are what it writes to: one (both streams, or a terminal) or two (standard output and error). The caller reads and
	// closes them.
	Outputs []*os.File

	tree    *tree
	started uint64
	inputs  []*os.File // Closed by KillSurvivors at the latest.
}

// Start starts a process as the leader of a new session. The error is a *StartError.
func (r *Reaper) Start(launch Launch) (*Process, error) {
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
	p, err := r.start(launch, path, streams)
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

// start starts the process, in a cgroup of its own if there are cgroups.
func (r *Reaper) start(launch Launch, path string, streams *streams) (*Process, error) {
	attributes := &syscall.ProcAttr{
		Dir: launch.Dir,
		Env: launch.Env,
		Sys: &syscall.SysProcAttr{Setsid: true, Setctty: launch.Terminal != nil},
	}
	for _, file := range streams.childStreams {
		attributes.Files = append(attributes.Files, file.Fd())
	}
	t := &tree{reaper: r, cookie: launch.Cookie}
	if r.cgroupParent != "" {
		leaf, err := newCgroup(r.CgroupPath(launch.Cookie))
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
	r.mu.Lock()
	defer r.mu.Unlock()
	// By syscall rather than os, which would start another process first, to find out how the system waits for processes.
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
	r.trees[t] = true
	p := &Process{PID: pid, tree: t}
	if info := readStat(pid); info != nil {
		p.started = info.started
	}
	return p, nil
}

// Identity is what another process recognises it by.
func (p *Process) Identity() Identity {
	identity := Identity{PID: p.PID, Started: p.started}
	if p.tree.cgroup != nil {
		identity.Cgroup = p.tree.cgroup.path
	}
	return identity
}

// Wait waits until the root process has ended. It must be called only once.
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

// Stop ends the tree at a level: it sends SIGINT or SIGTERM to its process group, or kills it.
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

// KillSurvivors kills the processes of the tree that have outlived its root, and returns them. It gives up after ten seconds.
func (p *Process) KillSurvivors() []Survivor {
	defer closeAll(p.inputs)
	return p.tree.killSurvivors()
}

// withUmask calls start with another file mode creation mask; nil keeps the mask. It uses a thread that shares its mask with no
// other and ends afterwards.
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

// EnlargePipe makes a pipe larger for a command that writes much, if the system allows that.
func EnlargePipe(file *os.File) {
	connection, err := file.SyscallConn()
	if err != nil {
		return
	}
	_ = connection.Control(func(descriptor uintptr) {
		_, _ = unix.FcntlInt(descriptor, unix.F_SETPIPE_SZ, busyPipeBytes)
	})
}
