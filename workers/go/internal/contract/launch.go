// Package contract is what a worker and the supervisor of one command tell each other: a launch and orders over a pipe, and files in
// a directory. docs/supervisor.md tells the same to those who write workers in other languages.
package contract

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/processes"
)

// Version of launches and files that this program knows.
const Version = 1

// Reason is why a command ended, in the words of the protocol.
type Reason string

// The reasons that concern commands.
const (
	Completed      Reason = "completed"
	NoOutput       Reason = "no_output"
	MaxTime        Reason = "max_time"
	LogLimit       Reason = "log_limit"
	Cancel         Reason = "cancel"
	WorkerShutdown Reason = "worker_shutdown"
	Interrupted    Reason = "interrupted"
	StartFailed    Reason = "start_failed"
	Abandoned      Reason = "abandoned"
	Orphaned       Reason = "orphaned"
	Storage        Reason = "storage"
)

// What happens to output that has no room, and to a command whose worker is gone.
const (
	OnFullBlock     = "block"
	OnFullGap       = "gap"
	OnDeathContinue = "continue"
	OnDeathKill     = "kill"
)

// Launch is the first line that a supervisor is told. Nothing of it is written to a disk: it holds secrets.
type Launch struct {
	Version  int      `json:"version"`
	Argv     []string `json:"argv"`
	IsScript bool     `json:"is_script"`
	// Directory is where the command runs, Root the build directory that watched files are relative to; both absolute.
	Directory string `json:"directory"`
	Root      string `json:"root"`
	// Env is complete but for the names of secret files. EnvBase64 is added to it: variables that aren't UTF-8.
	Env       []string  `json:"env"`
	EnvBase64 [][]byte  `json:"env_base64,omitempty"`
	Cookie    string    `json:"cookie"`
	Stdin     []byte    `json:"stdin,omitempty"`
	Umask     *uint32   `json:"umask"`
	Encoding  string    `json:"encoding,omitempty"`
	Terminal  *Terminal `json:"terminal"`
	// Channels are one (both streams, or a terminal) or two (output and error); those of watched files follow.
	Channels []string      `json:"channels"`
	Watch    []WatchedFile `json:"watch,omitempty"`
	Secrets  []Secret      `json:"secrets,omitempty"`
	Timeouts Timeouts      `json:"timeouts"`
	// StopPolicy ends with Kill, whatever it says.
	StopPolicy []StopStep `json:"stop_policy"`
	// LogLimit is the most bytes of output; 0: no limit.
	LogLimit uint64 `json:"log_limit"`
	// Cgroup is a delegated cgroup v2 directory; empty: the supervisor's own, if that was delegated; "none": none.
	Cgroup string `json:"cgroup,omitempty"`
	// OnFull is Block or Gap.
	OnFull        string  `json:"on_full"`
	SpoolBytes    int64   `json:"spool_bytes"`
	SegmentBytes  int64   `json:"segment_bytes"`
	OnWorkerDeath string  `json:"on_worker_death"`
	Unattended    Seconds `json:"unattended"`
}

// Terminal asks for a pseudo terminal of this size.
type Terminal struct {
	Rows    uint16 `json:"rows"`
	Columns uint16 `json:"columns"`
}

// WatchedFile is a file whose growth becomes output.
type WatchedFile struct {
	Channel   string `json:"channel"`
	Path      []byte `json:"path"`
	FromStart bool   `json:"from_start"`
}

// Secret is a value that output must not show. With FileEnv it lies in a private file, which that variable names.
type Secret struct {
	Value   []byte `json:"value"`
	FileEnv string `json:"file_env"`
}

// Timeouts end a command; 0: never.
type Timeouts struct {
	NoOutput Seconds `json:"no_output"`
	Max      Seconds `json:"max"`
}

// StopStep is one level of ending a command, and how long to wait for it.
type StopStep struct {
	Level processes.Level `json:"level"`
	Grace Seconds         `json:"grace"`
}

// Order is a later line, or what the file `stop` holds.
type Order struct {
	Stop *Stop `json:"stop,omitempty"`
	// SpoolBytes is a different limit from here on.
	SpoolBytes int64 `json:"spool_bytes,omitempty"`
}

// Stop asks for the end. Grace, if it is there, replaces what the policy says.
type Stop struct {
	Level  processes.Level `json:"level"`
	Grace  *Seconds        `json:"grace"`
	Reason Reason          `json:"reason"`
}

// Seconds are an interval as JSON has it.
type Seconds float64

// Duration is the interval as Go has it; what is too long for it is as long as can be.
func (s Seconds) Duration() time.Duration {
	const longest = float64(1<<63-1) / float64(time.Second)
	if float64(s) >= longest {
		return 1<<63 - 1
	}
	return time.Duration(float64(s) * float64(time.Second))
}

// SecondsOf is an interval as JSON has it.
func SecondsOf(interval time.Duration) Seconds { return Seconds(interval.Seconds()) }

// Validate finds what would make no sense.
func (l *Launch) Validate() error {
	switch {
	case l.Version != Version:
		return fmt.Errorf("the launch has version %d, this program takes %d", l.Version, Version)
	case len(l.Argv) == 0 || l.Argv[0] == "":
		return errors.New("the launch names no program")
	case !filepath.IsAbs(l.Directory) || len(l.Watch) > 0 && !filepath.IsAbs(l.Root):
		return errors.New("the launch names no absolute directory")
	case l.Cookie == "" || filepath.Base(l.Cookie) != l.Cookie:
		return errors.New("the launch has no cookie, or one that can't be the name of a file")
	case len(l.Channels) == 0 || len(l.Channels) > 2 || l.Terminal != nil && len(l.Channels) != 1:
		return errors.New("the launch has another number of channels than one or two, or two with a terminal")
	case l.SegmentBytes < 1 || l.SpoolBytes < 1:
		return errors.New("the launch gives the spool no room")
	}
	return nil
}
