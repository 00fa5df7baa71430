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

// Names of what lies in a supervisor's directory.
const (
	ClaimFile       = "pid"
	EventsFile      = "events"
	ExitFile        = "exit"
	StopFile        = "stop"
	AttendedFile    = "attended"
	DiagnosticsFile = "diagnostics"
	SpoolDirectory  = "spool"
)

// Claim is the content of ClaimFile. Whoever creates it first decides whether there will ever be a command: the supervisor before it
// starts one, or a worker that finds none, with a PID of 0.
type Claim struct {
	Version int `json:"version"`
	processes.Identity
	SegmentBytes int64 `json:"segment_bytes"`
}

// ErrClaimed says that the other side was first.
var ErrClaimed = errors.New("the directory is claimed")

// Create creates the file. The error is ErrClaimed if it was there.
func (c Claim) Create(directory string) error {
	content, err := json.Marshal(c)
	if err != nil {
		return err
	}
	// A link, so that nobody sees a file that is half written.
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

func createExclusively(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// ReadClaim is who claimed a directory; nil if nobody has.
func ReadClaim(directory string) (*Claim, error) { return read[Claim](directory, ClaimFile) }

// ReadExit is how a command ended; nil as long as that isn't there.
func ReadExit(directory string) (*Exit, error) { return read[Exit](directory, ExitFile) }

// read is what a file of a directory holds; nil if it isn't there, or isn't whole.
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
		// Files appear whole; only a crash of the machine leaves another.
		return nil, nil
	}
	return value, nil
}

// Replace gives a file of a directory new content in one step. It isn't made durable: nothing here outlasts a crash of the machine.
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

// SegmentPath is where a segment of a channel's output lies.
func SegmentPath(directory string, channel int, number int64) string {
	return filepath.Join(directory, SpoolDirectory, fmt.Sprintf("%d.%08d", channel, number))
}

// SecretDirectory is where a command's secret files are, so that they can be removed after a crash too: in memory where the system
// has a place for that.
func SecretDirectory(directory, cookie string) string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return filepath.Join(memory, "buildledger-"+cookie)
	}
	return filepath.Join(directory, "secrets")
}

// Event is one line of EventsFile; one of its fields is set.
type Event struct {
	Started     *Started    `json:"started,omitempty"`
	StartFailed *NotStarted `json:"start_failed,omitempty"`
	Gap         *GapEvent   `json:"gap,omitempty"`
	Stopping    *Stopping   `json:"stopping,omitempty"`
}

// Started is the root of the command's tree.
type Started struct {
	processes.Identity
	Mechanism string `json:"mechanism"`
	// At is the wall clock in seconds, for people.
	At float64 `json:"at"`
}

// NotStarted says why there is no process.
type NotStarted struct {
	Failure processes.Failure `json:"failure"`
	Message string            `json:"message"`
}

// GapEvent says that bytes of a channel are left out at a position of its spool.
type GapEvent struct {
	Channel int    `json:"channel"`
	At      uint64 `json:"at"`
	Bytes   uint64 `json:"bytes"`
}

// Stopping says that the next level of ending the command is about to be tried.
type Stopping struct {
	Level  processes.Level `json:"level"`
	Reason Reason          `json:"reason"`
}

// Exit is how a command ended: with a code, by a signal, or in a way that couldn't be learnt.
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

// Total is what a whole channel came to.
type Total struct {
	Channel int    `json:"channel"`
	Spooled uint64 `json:"spooled"`
	Dropped uint64 `json:"dropped"`
	// SHA256 of the spooled bytes, in hexadecimal digits.
	SHA256 string `json:"sha256"`
}
