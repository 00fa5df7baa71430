package processes

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// killTree kills a tree and checks that none of these processes is left.
func killTree(t *testing.T, p *Process, pids []uint32) {
	t.Helper()
	p.Stop(Kill)
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	p.KillSurvivors()
	expectAllDead(t, pids)
}

// A tree of four levels is killed whole.
func TestTreeDiesWhole(t *testing.T) {
	p := start(t, newLaunch("tree", "4"))
	killTree(t, p, pidsFrom(t, p.Outputs[0], 4))
}

// Without a job the descendants of a killed process live on: what the job is for.
func TestTreeWithoutJobSurvives(t *testing.T) {
	command := exec.Command(os.Args[0], "__child", "tree", "4")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pids := pidsFrom(t, output, 4)
	_ = command.Process.Kill()
	_ = command.Wait()
	for _, pid := range pids[1:] {
		if !isAlive(pid) {
			t.Errorf("%d died by itself", pid)
		}
		if left, err := os.FindProcess(int(pid)); err == nil {
			_ = left.Kill()
		}
	}
}

// A child that is started at once and left behind is still of the tree: it is named and killed.
func TestEarlyChildIsOfTheTree(t *testing.T) {
	p := start(t, newLaunch("leave"))
	pids := pidsFrom(t, p.Outputs[0], 1)
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	survivors := p.KillSurvivors()
	if !slices.ContainsFunc(survivors, func(s Survivor) bool { return s.PID == int(pids[0]) && strings.HasSuffix(s.Name, ".exe") }) {
		t.Errorf("%v doesn't name %v", survivors, pids)
	}
	expectAllDead(t, pids)
}

// A program that has ended before anybody looks is started and ended like any other.
func TestProgramThatEndsAtOnce(t *testing.T) {
	for range 10 {
		if _, status, left := ended(t, newLaunch("exit", "3")); status.Code != 3 || len(left) > 0 {
			t.Errorf("%d, %v", status.Code, left)
		}
	}
}

// Killing what has ended already is no error, and neither is killing it again.
func TestKillingWhatHasEnded(t *testing.T) {
	p := start(t, newLaunch("exit", "3"))
	status, err := p.Wait()
	for range 2 {
		p.Stop(Kill)
	}
	if left := p.KillSurvivors(); status.Code != 3 || err != nil || len(left) > 0 {
		t.Errorf("%d, %v, %v", status.Code, err, left)
	}
}

// Jobs may lie in jobs: a tree whose root puts itself into a job of its own is still killed whole.
func TestNestedJobs(t *testing.T) {
	p := start(t, newLaunch("nest", "2"))
	killTree(t, p, pidsFrom(t, p.Outputs[0], 2))
}

// Nobody gets out of the job: a child that asks to be started outside isn't started.
func TestNoBreakaway(t *testing.T) {
	if text, status, _ := ended(t, newLaunch("break away")); status.Code != refused {
		t.Errorf("%d, %s", status.Code, text)
	}
}

// A process that nobody may terminate is ended with its job.
func TestShieldedProcessDies(t *testing.T) {
	p := start(t, newLaunch("shield"))
	pids := pidsFrom(t, p.Outputs[0], 1)
	if handle, err := windows.OpenProcess(windows.PROCESS_TERMINATE, false, pids[0]); err == nil {
		t.Log("here even a shielded process may be opened: nothing is shown but that it dies")
		windows.CloseHandle(handle)
	}
	killTree(t, p, pids)
}

// When the worker is killed hard, nothing of its runs is left.
func TestTreeDiesWithTheWorker(t *testing.T) {
	worker := exec.Command(os.Args[0], "__child", "hold")
	output, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	pids := pidsFrom(t, output, 3)
	_ = worker.Process.Kill()
	_ = worker.Wait()
	expectAllDead(t, pids)
}

// A process is in its job from the instant it exists, before its first instruction: without that job nothing is left of it.
func TestCreatedInItsJob(t *testing.T) {
	launch := newLaunch("tree", "1")
	line, err := commandLineOf(launch)
	if err != nil {
		t.Fatal(err)
	}
	streams, err := openStreams(launch)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(slices.Concat(streams.childEnds, streams.outputs))
	held, err := newJob()
	if err != nil {
		t.Fatal(err)
	}
	created, err := NewReaper("").create(launch, line, streams, held)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(created.Process)
	defer windows.CloseHandle(created.Thread)
	if used, err := held.accounting(); used.ActiveProcesses != 1 || err != nil {
		t.Errorf("%d processes, %v", used.ActiveProcesses, err)
	}
	held.close()
	expectAllDead(t, []uint32{created.ProcessId})
}

// When the worker is killed hard while it starts something, that isn't left either, not even suspended.
func TestStartingDiesWithTheWorker(t *testing.T) {
	const name = "buildledger-started.exe"
	program := copyOfTestProgram(t, name)
	for round := range 5 {
		worker := exec.Command(os.Args[0], "__child", "start on and on", program)
		output, err := worker.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		// At another moment in each round.
		_, _ = output.Read(make([]byte, 1+round))
		_ = worker.Process.Kill()
		_ = worker.Wait()
		eventually(t, "no process of "+name+" is left", func() bool { return running(t, name) == 0 })
	}
}

// A supervisor leaves the job around its worker where that allows it, and outlives it then; elsewhere it starts all the same.
func TestSupervisorLeavesTheJob(t *testing.T) {
	for _, allowed := range []uint32{windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK, 0} {
		limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
		limits.BasicLimitInformation.LimitFlags = allowed
		around := jobWith(t, limits)
		worker := exec.Command(os.Args[0], "__child", "detach when told")
		input, err := worker.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		output, err := worker.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := worker.Start(); err != nil {
			t.Fatal(err)
		}
		assign(t, around, worker.Process.Pid)
		input.Close()
		detached := pidsFrom(t, output, 1)
		around.close()
		_ = worker.Wait()
		if allowed == 0 {
			expectAllDead(t, detached)
			continue
		}
		if !isAlive(detached[0]) {
			t.Error("it died with the job around its worker")
		}
		if left, err := os.FindProcess(int(detached[0])); err == nil {
			_ = left.Kill()
		}
	}
}
