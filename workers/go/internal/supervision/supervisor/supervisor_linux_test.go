package supervisor

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// What a command writes is in the spool, byte for byte, and the exit file says how it ended.
func TestOutputAndEndAreKept(t *testing.T) {
	launch := newLaunch(t, "head -c 3000000 /dev/urandom | tee copy; echo oops >&2; exit 7")
	launch.Channels = []string{"stdout", "stderr"}
	s := superviseLaunch(t, launch)
	exit := s.exit()
	wanted, err := os.ReadFile(filepath.Join(launch.Directory, "copy"))
	if err != nil || !bytes.Equal(s.output(0), wanted) || string(s.output(1)) != "oops\n" {
		t.Errorf("%v, %d bytes", err, len(s.output(0)))
	}
	if exit.Code == nil || *exit.Code != 7 || exit.Signal != nil || exit.Reason != contract.Completed {
		t.Errorf("%+v", exit)
	}
	total := exit.Totals[0]
	if total.Spooled != 3_000_000 || total.SHA256 != digest(wanted) || exit.Totals[1].SHA256 != digest([]byte("oops\n")) {
		t.Errorf("%+v", exit.Totals)
	}
	if info, err := os.Stat(contract.SegmentPath(s.directory, 0, 1)); err != nil || info.Size() != launch.SegmentBytes {
		t.Errorf("%v, %v", info, err)
	}
	if events := s.events(); len(events) != 1 || events[0].Started == nil || events[0].Started.PID == 0 {
		t.Errorf("%+v", events)
	}
	claim, err := contract.ReadClaim(s.directory)
	if err != nil || claim.PID != s.command.Process.Pid || claim.IsAlive() {
		t.Errorf("%+v, %v", claim, err)
	}
}

// A command goes on when the worker is killed, and a later worker ends it by a file, level by level.
func TestCommandOutlivesItsWorker(t *testing.T) {
	launch := newLaunch(t, "echo before; while [ ! -e go ] && [ -d $PWD ]; do sleep 0.01; done; echo after; trap 'echo caught' INT; while :; do sleep 0.05; done")
	s := superviseLaunch(t, launch)
	until(t, "first output", func() bool { return len(s.output(0)) > 0 })
	s.disconnect()
	if err := os.WriteFile(filepath.Join(launch.Directory, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, "more output", func() bool { return string(s.output(0)) == "before\nafter\n" })
	grace := contract.Seconds(0.3)
	order := contract.Order{Stop: &contract.Stop{Level: processes.Interrupt, Grace: &grace, Reason: contract.Cancel}}
	if err := contract.Replace(s.directory, contract.StopFile, order); err != nil {
		t.Fatal(err)
	}
	exit := s.exit()
	if exit.Signal == nil || *exit.Signal != uint32(syscall.SIGTERM) || exit.Reason != contract.Cancel {
		t.Errorf("%+v", exit)
	}
	if !strings.Contains(string(s.output(0)), "caught") || exit.Totals[0].SHA256 != digest(s.output(0)) {
		t.Errorf("%q, %+v", s.output(0), exit.Totals)
	}
	var levels []processes.Level
	for _, event := range s.events()[1:] {
		levels = append(levels, event.Stopping.Level)
	}
	if !slices.Equal(levels, []processes.Level{processes.Interrupt, processes.Terminate}) {
		t.Errorf("%v", levels)
	}
}

// If the launch says so, a command ends with its worker, or when it is unattended for too long.
func TestCommandEndsWithoutWorker(t *testing.T) {
	for reason, change := range map[contract.Reason]func(*contract.Launch){
		contract.Interrupted: func(launch *contract.Launch) { launch.OnWorkerDeath = contract.OnDeathKill },
		contract.Orphaned:    func(launch *contract.Launch) { launch.Unattended = 0.2 },
	} {
		launch := newLaunch(t, "exec sleep 1000")
		change(launch)
		s := superviseLaunch(t, launch)
		until(t, "the start", func() bool { return len(s.events()) > 0 })
		s.disconnect()
		if exit := s.exit(); exit.Reason != reason || exit.Signal == nil || *exit.Signal != uint32(syscall.SIGINT) {
			t.Errorf("%s: %+v", reason, exit)
		}
	}
}

// Nothing is started without a whole launch, or in a directory that a worker has claimed.
func TestNothingIsStartedTooLate(t *testing.T) {
	launch := newLaunch(t, "touch started")
	s := startSupervisor(t)
	io.WriteString(s.orders, `{"version":1`)
	s.disconnect()
	if err := s.command.Wait(); err == nil || s.command.ProcessState.ExitCode() != exitNotStarted {
		t.Errorf("%v", err)
	}
	s = startSupervisor(t)
	if err := (contract.Claim{Version: contract.Version}).Create(s.directory); err != nil {
		t.Fatal(err)
	}
	s.send(launch)
	if err := s.command.Wait(); err == nil || s.command.ProcessState.ExitCode() != exitNotStarted {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(launch.Directory, "started")); err == nil {
		t.Error("it was started")
	}
}

// A launch that can't be done ends in an exit file that says why.
func TestWhatCannotBeStarted(t *testing.T) {
	launch := newLaunch(t, "")
	launch.Argv = []string{"there-is-no-such-program"}
	s := superviseLaunch(t, launch)
	if exit := s.exit(); exit.Reason != contract.StartFailed || exit.StartFailure != processes.ProgramNotFound || exit.Code != nil {
		t.Errorf("%+v", exit)
	}
	if events := s.events(); len(events) != 1 || events[0].StartFailed == nil {
		t.Errorf("%+v", events)
	}
	launch.Version = 99
	if exit := superviseLaunch(t, launch).exit(); exit.Reason != contract.StartFailed || !strings.Contains(exit.Message, "99") {
		t.Errorf("%+v", exit)
	}
}

// A command is blocked while the spool is full, and goes on when segments are deleted.
func TestFullSpoolBlocksTheCommand(t *testing.T) {
	launch := newLaunch(t, "head -c 5000000 /dev/zero; touch done")
	launch.SpoolBytes, launch.Timeouts.NoOutput = 2<<20, 0.5
	s := superviseLaunch(t, launch)
	until(t, "a full spool", func() bool { return len(s.output(0)) == 2<<20 })
	time.Sleep(time.Second) // Longer than it may be silent.
	if _, err := os.Stat(filepath.Join(launch.Directory, "done")); err == nil || len(s.output(0)) != 2<<20 {
		t.Errorf("%d bytes, %v", len(s.output(0)), err)
	}
	for segment := range int64(4) {
		path := contract.SegmentPath(s.directory, 0, segment)
		until(t, "a whole segment", func() bool {
			info, err := os.Stat(path)
			return err == nil && info.Size() == launch.SegmentBytes
		})
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if exit := s.exit(); exit.Reason != contract.Completed || exit.Totals[0].SHA256 != digest(make([]byte, 5_000_000)) {
		t.Errorf("%+v", exit)
	}
}

// If the launch says so, output is dropped while the spool is full, and an event says where and how much.
func TestGapsAreReported(t *testing.T) {
	launch := newLaunch(t, "head -c 5000000 /dev/zero; touch full; while [ ! -e go ] && [ -d $PWD ]; do sleep 0.01; done; echo end")
	launch.OnFull, launch.SpoolBytes, launch.SegmentBytes = contract.OnFullGap, 1<<20, 1<<18
	s := superviseLaunch(t, launch)
	until(t, "a full spool", func() bool {
		_, err := os.Stat(filepath.Join(launch.Directory, "full"))
		return err == nil
	})
	for segment := range int64(4) {
		if err := os.Remove(contract.SegmentPath(s.directory, 0, segment)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(launch.Directory, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	exit := s.exit()
	total := exit.Totals[0]
	var missing uint64
	for _, event := range s.events() {
		if event.Gap != nil {
			missing += event.Gap.Bytes
		}
	}
	if total.Spooled+total.Dropped != 5_000_004 || missing != total.Dropped || !bytes.HasSuffix(s.output(0), []byte("end\n")) {
		t.Errorf("%+v, %d missing", total, missing)
	}
}

// Each limit ends a command, with a reason of its own.
func TestLimitsHaveReasons(t *testing.T) {
	for reason, change := range map[contract.Reason]func(*contract.Launch){
		contract.NoOutput: func(launch *contract.Launch) { launch.Timeouts.NoOutput = 0.2 },
		contract.MaxTime:  func(launch *contract.Launch) { launch.Timeouts.Max = 0.2 },
		contract.LogLimit: func(launch *contract.Launch) { launch.LogLimit = 3 },
	} {
		launch := newLaunch(t, "echo hello; exec sleep 1000")
		change(launch)
		s := superviseLaunch(t, launch)
		exit := s.exit()
		if exit.Reason != reason || exit.Signal == nil {
			t.Errorf("%s: %+v", reason, exit)
		}
		if reason == contract.LogLimit && string(s.output(0)) != "hel" {
			t.Errorf("%q", s.output(0))
		}
	}
}

// Secrets reach the command and nothing else: not the spool, not the directory, and their files are gone at the end.
func TestSecretsAreHidden(t *testing.T) {
	const secret = "correct-horse-battery"
	launch := newLaunch(t, `cat "$PLACE"; echo "$PLACE" > place`)
	launch.Secrets = []contract.Secret{{Value: []byte(secret), FileEnv: "PLACE"}}
	launch.Stdin = []byte(secret)
	s := superviseLaunch(t, launch)
	if exit := s.exit(); *exit.Code != 0 || string(s.output(0)) != "***" {
		t.Errorf("%+v, %q", exit, s.output(0))
	}
	place, err := os.ReadFile(filepath.Join(launch.Directory, "place"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(string(bytes.TrimSpace(place))); err == nil {
		t.Error("the file is still there")
	}
	names, _ := filepath.Glob(filepath.Join(s.directory, "*"))
	for _, name := range names {
		if content, _ := os.ReadFile(name); bytes.Contains(content, []byte(secret)) {
			t.Errorf("%s holds it", name)
		}
	}
}

// What is appended to a watched file after the start of the command is the output of a channel.
func TestWatchedFilesAreChannels(t *testing.T) {
	launch := newLaunch(t, "echo more >> log; sleep 0.1; exit 0")
	launch.Watch = []contract.WatchedFile{{Channel: "log", Path: []byte("log")}}
	if err := os.WriteFile(filepath.Join(launch.Root, "log"), []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := superviseLaunch(t, launch)
	if exit := s.exit(); string(s.output(1)) != "more\n" || exit.Totals[1].Spooled != 5 {
		t.Errorf("%q, %+v", s.output(1), exit)
	}
}

// A process that outlives the root of the tree is killed and named, and its end of the pipe doesn't delay the exit.
func TestSurvivorsAreKilledAndNamed(t *testing.T) {
	launch := newLaunch(t, "env -i setsid -f sleep 1000")
	launch.StopPolicy = nil
	s := superviseLaunch(t, launch)
	if exit := s.exit(); len(exit.Survivors) != 1 || exit.Survivors[0].Name != "sleep" || *exit.Code != 0 {
		t.Errorf("%+v", exit)
	}
}
