// Package processes starts the processes of a run and ends them: one tree, that lives and dies as one.
package processes

import (
	"fmt"
	"os"
	"time"
)

const (
	// CookieVariable is carried by each run's processes in their environment: the marks of all runs around them, outermost first.
	CookieVariable = "BUILDLEDGER_COOKIE"

	maxNameBytes = 256
	// killTimeout is when processes that the kernel doesn't let die are given up on.
	killTimeout      = 10 * time.Second
	killPollInterval = 10 * time.Millisecond
)

// Level is how hard the processes of a tree are asked to end.
type Level string

// The levels, each harder than the one before.
const (
	Interrupt Level = "interrupt"
	Terminate Level = "terminate"
	Kill      Level = "kill"
)

// IsBelow tells whether a level is less hard than another.
func (l Level) IsBelow(other Level) bool { return l.rank() < other.rank() }

func (l Level) rank() int {
	switch l {
	case Kill:
		return 3
	case Terminate:
		return 2
	case Interrupt:
		return 1
	}
	return 0
}

// Failure says why no process could be started.
type Failure string

// The kinds of failure.
const (
	ProgramNotFound  Failure = "program_not_found"
	PermissionDenied Failure = "permission_denied"
	BadDirectory     Failure = "bad_cwd"
	NotExecutable    Failure = "not_executable"
	Resources        Failure = "resources"
	OtherFailure     Failure = "other"
)

// Launch is everything the system needs to know to start a process.
type Launch struct {
	// Argv is the program and its arguments; the program is searched on PATH of Env unless it has a "/".
	Argv []string
	// Dir is the absolute working directory.
	Dir string
	Env []string
	// Cookie is the mark of the run.
	Cookie string
	// Stdin is what standard input delivers before it ends; the null device if empty.
	Stdin []byte
	// MergeStderr lets standard error join standard output.
	MergeStderr bool
	// Umask is the file mode creation mask; nil keeps the worker's.
	Umask *uint32
	// Encoding of the command's output, where it has to be told (Windows).
	Encoding string
	// IsScript says that the last word of Argv is text for the system's shell, not to be quoted (Windows).
	IsScript bool
	// TempDir is a private directory for a file that the command needs for its time (Windows); the system's if empty.
	TempDir string
	// Terminal asks for a pseudo terminal.
	Terminal *TerminalSize
}

// TerminalSize of a pseudo terminal.
type TerminalSize struct{ Rows, Columns uint16 }

// Status is how a process ended: with Code, or by Signal if that isn't 0.
type Status struct {
	Code         uint32
	Signal       uint32
	User, System time.Duration
}

// Survivor is a process that was killed because it outlived the root of its tree.
type Survivor struct {
	PID  int    `json:"pid"`
	Name string `json:"name"`
}

// StartError says why there is no process.
type StartError struct {
	Failure Failure
	Message string
}

func (e *StartError) Error() string { return e.Message }

func newStartError(failure Failure, format string, values ...any) *StartError {
	return &StartError{failure, fmt.Sprintf(format, values...)}
}

// writeInput writes standard input in the background and ends it.
func writeInput(file *os.File, data []byte) {
	go func() {
		// A process need not read what it is given.
		_, _ = file.Write(data)
		file.Close()
	}()
}

func closeAll(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}

// Identity names a process beyond the reuse of its id: when it started, in the system's own units, and its cgroup if it has one.
type Identity struct {
	PID     int    `json:"pid"`
	Started uint64 `json:"started"`
	Cgroup  string `json:"cgroup,omitempty"`
}

// OrphanedRun is how to recognise the processes of a run of an earlier worker process. Process is nil if it isn't known, or was a
// process of an earlier boot of the machine.
type OrphanedRun struct {
	Cookie string
	Root   *Identity
}
