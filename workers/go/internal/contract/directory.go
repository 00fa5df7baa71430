package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/processes"
)

// Names of the files and directories in a supervisor's directory.
const (
	ClaimFile       = "pid"
	EventsFile      = "events"
	ExitFile        = "exit"
	ReservedFile    = "exit.reserved"
	StopFile        = "stop"
	AttendedFile    = "attended"
	DiagnosticsFile = "diagnostics"
	SpoolDirectory  = "spool"
)

// Claim is the content of ClaimFile, which is created once. A supervisor creates it before it starts its command. A worker that
// finds none creates it with a PID of 0; then no supervisor will start anything in the directory.
type Claim struct {
	Version int `json:"version"`
	processes.Identity
	SegmentBytes int64 `json:"segment_bytes"`
}

// ErrClaimed says that the claim was created before.
var ErrClaimed = errors.New("the directory is claimed")

// Create creates the claim in a directory. The error is ErrClaimed if there is one.
func (c Claim) Create(directory string) error {
	content, err := json.Marshal(c)
	if err != nil {
		return err
	}
	// By a link, so that the file is never seen half written.
	temporary := filepath.Join(directory, fmt.Sprintf("%s.%d", ClaimFile, os.Getpid()))
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return fmt.Errorf("claiming the directory: %w", err)
	}
	err = os.Link(temporary, filepath.Join(directory, ClaimFile))
	_ = os.Remove(temporary)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// A file system without links.
		err = createExclusively(filepath.Join(directory, ClaimFile), content)
	}
	if errors.Is(err, fs.ErrExist) {
		return ErrClaimed
	}
	if err != nil {
		return fmt.Errorf("claiming the directory: %w", err)
	}
	return nil
}

// createExclusively creates a file; the error is fs.ErrExist if there is one.
func createExclusively(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// ReadClaim is the claim of a directory; nil if there is none.
func ReadClaim(directory string) (*Claim, error) { return read[Claim](directory, ClaimFile) }

// ReadExit is how the command of a directory ended; nil if it hasn't.
func ReadExit(directory string) (*Exit, error) { return read[Exit](directory, ExitFile) }

// read parses a file of a directory; nil if there is none, or it isn't whole.
func read[T any](directory, name string) (*T, error) {
	content, err := os.ReadFile(filepath.Join(directory, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what a supervisor wrote: %w", err)
	}
	value := new(T)
	if json.Unmarshal(content, value) != nil {
		// Files appear whole; only a crash of the machine leaves one that isn't.
		return nil, nil
	}
	return value, nil
}

// reservedBytes are kept for ExitFile: more than an exit takes without the names of survivors.
const reservedBytes = 16 << 10

// ReserveExit takes the space of ExitFile beforehand, so that a disk that is full in the end has it.
func ReserveExit(directory string) error {
	return os.WriteFile(filepath.Join(directory, ReservedFile), make([]byte, reservedBytes), 0o600)
}

// WriteExit writes how the command ended. Without space on the disk it is written where ReserveExit has taken some, without the
// survivors if there are too many.
func WriteExit(directory string, exit *Exit) error {
	err := Replace(directory, ExitFile, exit)
	if err == nil {
		_ = os.Remove(filepath.Join(directory, ReservedFile))
		return nil
	}
	content, encoding := json.Marshal(exit)
	if encoding == nil && len(content) > reservedBytes {
		shorter := *exit
		shorter.Survivors = []processes.Survivor{}
		content, encoding = json.Marshal(shorter)
	}
	if encoding != nil || len(content) > reservedBytes {
		return err
	}
	reserved := filepath.Join(directory, ReservedFile)
	file, opening := os.OpenFile(reserved, os.O_WRONLY, 0)
	if opening != nil {
		return err
	}
	_, writing := file.WriteAt(content, 0)
	if failed := errors.Join(writing, file.Truncate(int64(len(content))), file.Close()); failed != nil {
		return errors.Join(err, failed)
	}
	_ = os.Remove(filepath.Join(directory, ExitFile+".new"))
	return durable.Rename(reserved, filepath.Join(directory, ExitFile))
}

// Replace replaces a file of a directory atomically. It isn't made durable: no command survives a crash of the machine.
func Replace(directory, name string, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return err
	}
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return durable.Rename(path+".new", path)
}

// SegmentPath is the path of a segment of a channel's output.
func SegmentPath(directory string, channel int, number int64) string {
	return filepath.Join(directory, SpoolDirectory, fmt.Sprintf("%d.%08d", channel, number))
}

// SecretDirectory is the directory of a command's secret files; it is known from outside, so that they can be removed after a
// crash. It is in memory where the system has a file system for that.
func SecretDirectory(directory, cookie string) string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return filepath.Join(memory, "buildledger-"+cookie)
	}
	return filepath.Join(directory, "secrets")
}

// Event is one line of EventsFile; exactly one of its fields is set.
type Event struct {
	Started     *Started    `json:"started,omitempty"`
	StartFailed *NotStarted `json:"start_failed,omitempty"`
	Gap         *GapEvent   `json:"gap,omitempty"`
	Stopping    *Stopping   `json:"stopping,omitempty"`
}

// Started says that the command was started, and identifies its root process.
type Started struct {
	processes.Identity
	Mechanism string `json:"mechanism"`
	// At is the wall clock in seconds, for people.
	At float64 `json:"at"`
}

// NotStarted says why the command couldn't be started.
type NotStarted struct {
	Failure processes.Failure `json:"failure"`
	Message string            `json:"message"`
}

// GapEvent says that so many bytes of a channel are left out at a position of its spool.
type GapEvent struct {
	Channel int    `json:"channel"`
	At      uint64 `json:"at"`
	Bytes   uint64 `json:"bytes"`
}

// Stopping says that the command is about to be ended at a level.
type Stopping struct {
	Level  processes.Level `json:"level"`
	Reason Reason          `json:"reason"`
}

// Exit is how a command ended: with a code, by a signal, or with neither if that couldn't be found out.
type Exit struct {
	Code         *uint32              `json:"code,omitempty"`
	Signal       *uint32              `json:"signal,omitempty"`
	Reason       Reason               `json:"reason"`
	Message      string               `json:"message"`
	StartFailure processes.Failure    `json:"start_failure"`
	Survivors    []processes.Survivor `json:"survivors"`
	Totals       []Total              `json:"totals"`
	RanFor       Seconds              `json:"ran_for"`
	UserCPU      *Seconds             `json:"user_cpu,omitempty"`
	SystemCPU    *Seconds             `json:"system_cpu,omitempty"`
}

// Total is the size of a whole channel.
type Total struct {
	Channel int    `json:"channel"`
	Spooled uint64 `json:"spooled"`
	Dropped uint64 `json:"dropped"`
	// SHA256 of the spooled bytes, in hexadecimal digits.
	SHA256 string `json:"sha256"`
}
