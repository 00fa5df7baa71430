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

// workerProcess is a worker in a process of its own, which can be killed.
type workerProcess struct {
	t                 *testing.T
	f                 *fakeServer
	stateDir, workDir string
	onCrash           string
	command           *exec.Cmd
}

func newWorkerProcess(t *testing.T, f *fakeServer) *workerProcess {
	t.Helper()
	p := &workerProcess{t: t, f: f, stateDir: t.TempDir(), workDir: t.TempDir(), onCrash: contract.OnDeathContinue}
	t.Cleanup(p.kill)
	p.start()
	return p
}

func (p *workerProcess) start() {
	p.t.Helper()
	p.command = exec.Command(os.Args[0], workerArgument, p.f.address, p.stateDir, p.workDir, p.onCrash)
	p.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill sends SIGKILL to the worker's process group.
func (p *workerProcess) kill() {
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL)
	_ = p.command.Wait()
}

// supervisor is the id of the supervisor of the run.
func (p *workerProcess) supervisor() int {
	p.t.Helper()
	claim, err := contract.ReadClaim(filepath.Join(p.stateDir, "supervised", aRun+".1"))
	if err != nil || claim == nil {
		p.t.Fatalf("%v, %v", claim, err)
	}
	return claim.PID
}

// isAlive reports whether a process runs; a zombie doesn't.
func isAlive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, fields, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && !bytes.HasPrefix(fields, []byte("Z"))
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

func (f *fakeServer) received(channel string) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bytes[channel]
}

func (f *fakeServer) await(t *testing.T) {
	t.Helper()
	select {
	case <-f.ended:
	case <-time.After(testTimeout):
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
	f := newFakeServer(t, desiredRun("head -c 60000000 /dev/urandom | tee copy; touch written; while [ ! -e go ] && [ -d $PWD ]; do sleep 0.01; done; exit 9"))
	p := newWorkerProcess(t, f)
	for kills := range 4 {
		// Farther than a segment, so that some are gone already when the next worker comes.
		until(t, "more output", func() bool { return f.received("stdio") > uint64(kills)*9_000_000 })
		p.kill()
		p.start()
	}
	until(t, "all output", func() bool { return f.received("stdio") == 60_000_000 })
	p.kill()
	if err := os.WriteFile(filepath.Join(p.workDir, "build", "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	f.await(t)
	total := f.exited.GetOutputTotals()[0]
	if f.exited.GetCode() != 9 || f.exited.GetReason() != pb.ExitReason_EXIT_REASON_COMPLETED || total.GetBytes() != 60_000_000 {
		t.Errorf("%v", f.exited)
	}
	if !bytes.Equal(f.output["stdio"].Sum(nil), total.GetSha256()) {
		t.Error("other bytes arrived than were written")
	}
}

// A later worker can end the run of an earlier one.
func TestTakenUpCommandIsStopped(t *testing.T) {
	f := newFakeServer(t, desiredRun("trap 'echo caught; exit 4' TERM; echo on; while :; do sleep 0.05; done"))
	f.desired.Spec.GetCommand().StopPolicy = []*pb.StopStep{{Level: pb.StopLevel_STOP_LEVEL_TERMINATE}}
	p := newWorkerProcess(t, f)
	until(t, "output", func() bool { return f.received("stdio") > 0 })
	p.kill()
	f.mu.Lock()
	f.desired.Want = pb.Want_WANT_STOP
	f.mu.Unlock()
	p.start()
	f.await(t)
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_CANCEL || f.received("stdio") < 3 {
		t.Errorf("%v, %d bytes", f.exited, f.received("stdio"))
	}
}

// With on-crash kill, a command ends when its worker is killed, and is reported as interrupted.
func TestCommandEndsWithKilledWorker(t *testing.T) {
	f := newFakeServer(t, desiredRun("echo on; exec sleep 1000"))
	p := &workerProcess{t: t, f: f, stateDir: t.TempDir(), workDir: t.TempDir(), onCrash: contract.OnDeathKill}
	t.Cleanup(p.kill)
	p.start()
	until(t, "output", func() bool { return f.received("stdio") > 0 })
	p.kill()
	p.start()
	f.await(t)
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_INTERRUPTED || f.exited.GetSignal() != uint32(syscall.SIGINT) {
		t.Errorf("%v", f.exited)
	}
}

// A command that a later worker has taken up ends as well, when no server is connected for too long.
func TestTakenUpCommandIsOrphaned(t *testing.T) {
	f := newFakeServer(t, desiredRun("echo on; exec sleep 1000"))
	f.orphanTTL = time.Second
	p := newWorkerProcess(t, f)
	until(t, "output", func() bool { return f.received("stdio") > 0 })
	f.isAway.Store(true)
	p.kill()
	p.start()
	until(t, "the end of the supervisor", func() bool { return !isAlive(p.supervisor()) })
	f.isAway.Store(false)
	f.await(t)
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_ORPHANED {
		t.Errorf("%v", f.exited)
	}
}

// When a supervisor is killed, the worker kills what is left of the command, and reports it as interrupted.
func TestKilledSupervisorLeavesNothing(t *testing.T) {
	for name, restarts := range map[string]bool{"the worker lives": false, "the worker is killed too": true} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer(t, desiredRun("setsid sleep 1000 & echo $! > pids; env -i sleep 1000 & echo $! >> pids; echo on; wait"))
			p := newWorkerProcess(t, f)
			until(t, "output", func() bool { return f.received("stdio") > 0 })
			supervisor := p.supervisor()
			if restarts {
				p.kill()
			}
			if err := syscall.Kill(supervisor, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if restarts {
				p.start()
			}
			f.await(t)
			if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_INTERRUPTED || len(f.exited.GetSurvivorsKilled()) < 3 {
				t.Errorf("%v", f.exited)
			}
			pids, err := os.ReadFile(filepath.Join(p.workDir, "build", "pids"))
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

// When a run is released, nothing is left of its command: no directory, no journal, no secret.
func TestNothingIsLeftBehind(t *testing.T) {
	f := newFakeServer(t, desiredRun("echo $PLACE"))
	f.desired.Spec.GetCommand().Secrets = []*pb.Secret{{Name: "s", Value: []byte("correct-horse"), FileEnv: "PLACE"}}
	f.releases = true
	stateDir := t.TempDir()
	serve(t, f, newWorker(t, f, stateDir))
	for _, directory := range []string{"supervised", "runs"} {
		if left, err := os.ReadDir(filepath.Join(stateDir, directory)); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", directory, left, err)
		}
	}
}
