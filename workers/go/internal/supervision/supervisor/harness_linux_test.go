package supervisor

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

const (
	testTimeout       = 60 * time.Second
	superviseArgument = "__supervise"
)

// TestMain lets the test program be the supervisor that the tests start.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == superviseArgument {
		os.Exit(Main(os.Args[2]))
	}
	os.Exit(m.Run())
}

// supervised is a running supervisor, with the worker's ends of its pipes.
type supervised struct {
	t             *testing.T
	directory     string
	command       *exec.Cmd
	orders        io.WriteCloser
	notifications io.ReadCloser
}

// newLaunch is a launch of a shell script, in a directory of its own.
func newLaunch(t *testing.T, script string) *contract.Launch {
	t.Helper()
	root := t.TempDir()
	return &contract.Launch{
		Version: contract.Version, Argv: []string{"sh", "-c", script}, Directory: root, Root: root, Env: os.Environ(),
		Cookie: filepath.Base(root) + filepath.Base(filepath.Dir(root)), Channels: []string{"stdio"}, OnFull: contract.OnFullBlock,
		SpoolBytes: 1 << 30, SegmentBytes: 1 << 20, OnWorkerDeath: contract.OnDeathContinue,
		StopPolicy: []contract.StopStep{{Level: processes.Interrupt, Grace: 20}, {Level: processes.Terminate, Grace: 20}},
	}
}

// startSupervisor starts a supervisor that waits for its launch.
func startSupervisor(t *testing.T) *supervised {
	t.Helper()
	s := &supervised{t: t, directory: t.TempDir()}
	s.command = exec.Command(os.Args[0], superviseArgument, s.directory)
	s.command.Stderr = os.Stderr
	s.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.orders, _ = s.command.StdinPipe()
	s.notifications, _ = s.command.StdoutPipe()
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// superviseLaunch starts a supervisor and sends it a launch.
func superviseLaunch(t *testing.T, launch *contract.Launch) *supervised {
	t.Helper()
	s := startSupervisor(t)
	s.send(launch)
	return s
}

func (s *supervised) send(value any) {
	s.t.Helper()
	line, err := json.Marshal(value)
	if err == nil {
		_, err = s.orders.Write(append(line, '\n'))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// disconnect closes the pipes, as when the worker is killed.
func (s *supervised) disconnect() {
	s.orders.Close()
	s.notifications.Close()
}

// exit is how the command ended, once the supervisor is gone.
func (s *supervised) exit() *contract.Exit {
	s.t.Helper()
	overdue := time.AfterFunc(testTimeout, func() { s.command.Process.Kill() })
	defer overdue.Stop()
	go io.Copy(io.Discard, s.notifications)
	if err := s.command.Wait(); err != nil {
		s.t.Fatalf("the supervisor: %v", err)
	}
	exit, err := contract.ReadExit(s.directory)
	if err != nil || exit == nil {
		s.t.Fatalf("%v, %v", exit, err)
	}
	return exit
}

// output is what lies in a channel's spool.
func (s *supervised) output(channel int) []byte {
	s.t.Helper()
	names, _ := filepath.Glob(filepath.Join(s.directory, contract.SpoolDirectory, string(rune('0'+channel))+".*"))
	slices.Sort(names)
	var output []byte
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			s.t.Fatal(err)
		}
		output = append(output, content...)
	}
	return output
}

func (s *supervised) events() (events []contract.Event) {
	s.t.Helper()
	file, err := os.Open(filepath.Join(s.directory, contract.EventsFile))
	if err != nil {
		return nil
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var event contract.Event
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			s.t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// until waits for a condition that the supervisor fulfils.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
