// Package processes starts the process of a run, and ends it together with all its descendants.
package processes

import (
	"fmt"
	"os"
	"time"
)

const (
	// CookieVariable has, in the environment of each process of a run, the cookies of the runs that it is part of, outermost first,
	// with ":" between them.
	CookieVariable = "BUILDLEDGER_COOKIE"

	maxNameBytes = 256
	// killTimeout is how long processes are waited for that were killed.
	killTimeout      = 10 * time.Second
	killPollInterval = 10 * time.Millisecond
)

// Level is the force with which the processes of a tree are ended.
type Level string

// The levels, each stronger than the one before.
const (
	Interrupt Level = "interrupt"
	Terminate Level = "terminate"
	Kill      Level = "kill"
)

// IsBelow reports whether a level is weaker than another.
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

// Launch says what process to start, and how.
type Launch struct {
	// Argv is the program and its arguments; the program is searched on PATH of Env unless it has a "/".
	Argv []string
	// Dir is the absolute working directory.
	Dir string
	Env []string
	// Cookie identifies the run; Env has it too.
	Cookie string
	// Stdin is the content of standard input; empty: the null device.
	Stdin []byte
	// MergeStderr sends standard error to standard output.
	MergeStderr bool
	// Umask is the file mode creation mask; nil keeps the worker's.
	Umask *uint32
	// Encoding is that of the command's output, by its IANA name (Windows).
	Encoding string
	// IsScript says that the last of Argv is a script for the system's shell, which isn't quoted (Windows).
	IsScript bool
	// TempDir is a private directory for a temporary file of the command (Windows); empty: the system's.
	TempDir string
	// Terminal is the size of the pseudo terminal; nil: none.
	Terminal *TerminalSize
}

// TerminalSize is the size of a pseudo terminal in characters.
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

// StartError says why a process couldn't be started.
type StartError struct {
	Failure Failure
	Message string
}

func (e *StartError) Error() string { return e.Message }

func newStartError(failure Failure, format string, values ...any) *StartError {
	return &StartError{failure, fmt.Sprintf(format, values...)}
}

// writeInput writes standard input in the background, and closes it.
func writeInput(file *os.File, data []byte) {
	go func() {
		// An error means that the process hasn't read everything, which it needn't.
		_, _ = file.Write(data)
		file.Close()
	}()
}

func closeAll(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}

// Identity identifies a process: ids are reused, but not with the same start, which is in a unit of the system. Cgroup is empty
// without one.
type Identity struct {
	PID     int    `json:"pid"`
	Started uint64 `json:"started"`
	Cgroup  string `json:"cgroup,omitempty"`
}

// OrphanedRun says how to recognise the processes of a run whose supervisor is gone. Root is nil if the root process isn't known.
type OrphanedRun struct {
	Cookie string
	Root   *Identity
}
