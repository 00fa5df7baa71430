// Package contract is the interface between a worker and the supervisor of one command: a launch and orders, which go through a
// pipe, and the files in the supervisor's directory. docs/supervisor.md describes it for those who write workers in other
// languages.
package contract

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/processes"
)

// Version is the version of launches and files that this program knows.
const Version = 1

// Reason is why a command ended: an ExitReason of the protocol, by name.
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

// What happens to output that exceeds the spool's limit (Launch.OnFull), and to a command whose worker has died
// (Launch.OnWorkerDeath).
const (
	OnFullBlock     = "block"
	OnFullGap       = "gap"
	OnDeathContinue = "continue"
	OnDeathKill     = "kill"
)

// Launch says what a supervisor is to run; it is the first line of its input. It holds secrets, and is never written to disk.
type Launch struct {
	Version  int      `json:"version"`
	Argv     []string `json:"argv"`
	IsScript bool     `json:"is_script"`
	// Directory is where the command runs, Root the build directory that watched files are relative to; both absolute.
	Directory string `json:"directory"`
	Root      string `json:"root"`
	// WorkDirectory holds all build directories: from there the other two are opened, without following links. Empty: they are
	// taken for granted, as an older worker means it.
	WorkDirectory string `json:"work_directory,omitempty"`
	// Env is the whole environment, except for the variables of secret files. EnvBase64 are more variables, which aren't UTF-8.
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
	// StopPolicy is how the command is ended; a Kill at its end is added if it is missing.
	StopPolicy []StopStep `json:"stop_policy"`
	// LogLimit is how many bytes of output the command may write; 0: no limit.
	LogLimit uint64 `json:"log_limit"`
	// Cgroup is a delegated cgroup v2 directory; empty: the supervisor's own, if that was delegated; "none": none.
	Cgroup string `json:"cgroup,omitempty"`
	// OnFull is OnFullBlock or OnFullGap.
	OnFull       string `json:"on_full"`
	SpoolBytes   int64  `json:"spool_bytes"`
	SegmentBytes int64  `json:"segment_bytes"`
	// OnWorkerDeath is OnDeathContinue or OnDeathKill.
	OnWorkerDeath string `json:"on_worker_death"`
	// Unattended is how long the command may run without a worker; 0: for ever.
	Unattended Seconds `json:"unattended"`
}

// Terminal is the size of the pseudo terminal that a command gets.
type Terminal struct {
	Rows    uint16 `json:"rows"`
	Columns uint16 `json:"columns"`
}

// WatchedFile is a file of which everything that is appended becomes output of a channel.
type WatchedFile struct {
	Channel   string `json:"channel"`
	Path      []byte `json:"path"`
	FromStart bool   `json:"from_start"`
}

// Secret is a value that is masked in output. With FileEnv it lies in a private file, of which that variable has the path.
type Secret struct {
	Value   []byte `json:"value"`
	FileEnv string `json:"file_env"`
}

// Timeouts end a command after so long without output, or altogether; 0: never.
type Timeouts struct {
	NoOutput Seconds `json:"no_output"`
	Max      Seconds `json:"max"`
}

// StopStep is one level of ending a command, and how long to wait for it.
type StopStep struct {
	Level processes.Level `json:"level"`
	Grace Seconds         `json:"grace"`
}

// Order is a later line of a supervisor's input, or the content of the file `stop`.
type Order struct {
	Stop *Stop `json:"stop,omitempty"`
	// SpoolBytes replaces the limit of the launch, if it isn't 0.
	SpoolBytes int64 `json:"spool_bytes,omitempty"`
}

// Stop asks for the end of the command. Grace, if there is one, replaces that of the policy's steps.
type Stop struct {
	Level  processes.Level `json:"level"`
	Grace  *Seconds        `json:"grace"`
	Reason Reason          `json:"reason"`
}

// Seconds are a duration in JSON.
type Seconds float64

// Duration is the same as a time.Duration, or the longest one if it is too long for that.
func (s Seconds) Duration() time.Duration {
	const longest = float64(1<<63-1) / float64(time.Second)
	if float64(s) >= longest {
		return 1<<63 - 1
	}
	return time.Duration(float64(s) * float64(time.Second))
}

// SecondsOf is a duration in JSON.
func SecondsOf(duration time.Duration) Seconds { return Seconds(duration.Seconds()) }

// Validate finds the first thing in a launch that can't be done.
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
