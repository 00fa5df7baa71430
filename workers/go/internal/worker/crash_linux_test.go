package worker

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"buildledger/workers/go/internal/contract"
	pb "buildledger/workers/go/internal/workerv1"
)

// killable is a worker in a process of its own.
type killable struct {
	t                 *testing.T
	f                 *farEnd
	stateDir, workDir string
	onCrash           string
	command           *exec.Cmd
}

func newKillable(t *testing.T, f *farEnd) *killable {
	t.Helper()
	k := &killable{t: t, f: f, stateDir: t.TempDir(), workDir: t.TempDir(), onCrash: contract.OnDeathContinue}
	t.Cleanup(k.kill)
	k.start()
	return k
}

func (k *killable) start() {
	k.t.Helper()
	k.command = exec.Command(os.Args[0], workerWord, k.f.address, k.stateDir, k.workDir, k.onCrash)
	k.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := k.command.Start(); err != nil {
		k.t.Fatal(err)
	}
}

// kill is SIGKILL to the worker and all that is in its process group.
func (k *killable) kill() {
	_ = syscall.Kill(-k.command.Process.Pid, syscall.SIGKILL)
	_ = k.command.Wait()
}

// supervisor is the id of the supervisor of the run.
func (k *killable) supervisor() int {
	k.t.Helper()
	claim, err := contract.ReadClaim(filepath.Join(k.stateDir, "supervised", aRun+".1"))
	if err != nil || claim == nil {
		k.t.Fatalf("%v, %v", claim, err)
	}
	return claim.PID
}

// isAlive tells whether a process runs, and isn't only waiting to be noticed.
func isAlive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, fields, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && !bytes.HasPrefix(fields, []byte("Z"))
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

func (f *farEnd) received(channel string) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bytes[channel]
}

func (f *farEnd) await(t *testing.T) {
	t.Helper()
	select {
	case <-f.ended:
	case <-time.After(patience):
		t.Fatal("the run doesn't end")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range f.faults {
		t.Error(fault)
	}
}

// A worker that is killed again and again in the middle of fast output takes the command up each time: every byte arrives once, and
// so does the exit code.
func TestCommandOutlivesKilledWorkers(t *testing.T) {
	f := newFarEnd(t, wanting("head -c 60000000 /dev/urandom | tee copy; touch written; while [ ! -e go ]; do sleep 0.01; done; exit 9"))
	k := newKillable(t, f)
	for kills := range 4 {
		// Farther than a segment, so that some are gone already when the next worker comes.
		until(t, "more output", func() bool { return f.received("stdio") > uint64(kills)*9_000_000 })
		k.kill()
		k.start()
	}
	until(t, "all output", func() bool { return f.received("stdio") == 60_000_000 })
	k.kill()
	if err := os.WriteFile(filepath.Join(k.workDir, "build", "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.start()
	f.await(t)
	total := f.exited.GetOutputTotals()[0]
	if f.exited.GetCode() != 9 || f.exited.GetReason() != pb.ExitReason_EXIT_REASON_COMPLETED || total.GetBytes() != 60_000_000 {
		t.Errorf("%v", f.exited)
	}
	if !bytes.Equal(f.output["stdio"].Sum(nil), total.GetSha256()) {
		t.Error("other bytes arrived than were written")
	}
}

// A run can be ended by a later worker than the one that started it.
func TestTakenUpCommandIsStopped(t *testing.T) {
	f := newFarEnd(t, wanting("trap 'echo caught; exit 4' TERM; echo on; while :; do sleep 0.05; done"))
	f.wanted.Spec.GetCommand().StopPolicy = []*pb.StopStep{{Level: pb.StopLevel_STOP_LEVEL_TERMINATE}}
	k := newKillable(t, f)
	until(t, "output", func() bool { return f.received("stdio") > 0 })
	k.kill()
	f.mu.Lock()
	f.wanted.Want = pb.Want_WANT_STOP
	f.mu.Unlock()
	k.start()
	f.await(t)
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_CANCEL || f.received("stdio") < 3 {
		t.Errorf("%v, %d bytes", f.exited, f.received("stdio"))
	}
}

// Where it is so wanted, a command ends when its worker is killed, and that is what is told.
func TestCommandEndsWithKilledWorker(t *testing.T) {
	f := newFarEnd(t, wanting("echo on; exec sleep 1000"))
	k := &killable{t: t, f: f, stateDir: t.TempDir(), workDir: t.TempDir(), onCrash: contract.OnDeathKill}
	t.Cleanup(k.kill)
	k.start()
	until(t, "output", func() bool { return f.received("stdio") > 0 })
	k.kill()
	k.start()
	f.await(t)
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_INTERRUPTED || f.exited.GetSignal() != uint32(syscall.SIGINT) {
		t.Errorf("%v", f.exited)
	}
}

// A command that was taken up ends when no server has come for too long, as any other.
func TestTakenUpCommandIsOrphaned(t *testing.T) {
	f := newFarEnd(t, wanting("echo on; exec sleep 1000"))
	f.orphanTTL = time.Second
	k := newKillable(t, f)
	until(t, "output", func() bool { return f.received("stdio") > 0 })
	f.isAway.Store(true)
	k.kill()
	k.start()
	until(t, "the end of the supervisor", func() bool { return !isAlive(k.supervisor()) })
	f.isAway.Store(false)
	f.await(t)
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_ORPHANED {
		t.Errorf("%v", f.exited)
	}
}

// When a supervisor is killed, the worker ends what is left of the command, says so, and delivers what there is.
func TestKilledSupervisorLeavesNothing(t *testing.T) {
	for name, restarts := range map[string]bool{"the worker lives": false, "the worker is killed too": true} {
		t.Run(name, func(t *testing.T) {
			f := newFarEnd(t, wanting("setsid sleep 1000 & echo $! > pids; env -i sleep 1000 & echo $! >> pids; echo on; wait"))
			k := newKillable(t, f)
			until(t, "output", func() bool { return f.received("stdio") > 0 })
			supervisor := k.supervisor()
			if restarts {
				k.kill()
			}
			if err := syscall.Kill(supervisor, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if restarts {
				k.start()
			}
			f.await(t)
			if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_INTERRUPTED || len(f.exited.GetSurvivorsKilled()) < 3 {
				t.Errorf("%v", f.exited)
			}
			pids, err := os.ReadFile(filepath.Join(k.workDir, "build", "pids"))
			if err != nil {
				t.Fatal(err)
			}
			for field := range strings.FieldsSeq(string(pids)) {
				pid, _ := strconv.Atoi(field)
				until(t, "the end of the process", func() bool { return !isAlive(pid) })
			}
		})
	}
}

// When all is delivered, nothing is left of a command: no directory, no secret.
func TestNothingIsLeftBehind(t *testing.T) {
	f := newFarEnd(t, wanting("echo $PLACE"))
	f.wanted.Spec.GetCommand().Secrets = []*pb.Secret{{Name: "s", Value: []byte("correct-horse"), FileEnv: "PLACE"}}
	f.releases = true
	stateDir := t.TempDir()
	serve(t, f, newWorker(t, f, stateDir))
	for _, directory := range []string{"supervised", "runs"} {
		if left, err := os.ReadDir(filepath.Join(stateDir, directory)); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", directory, left, err)
		}
	}
}
