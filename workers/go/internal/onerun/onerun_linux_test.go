package onerun_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "buildledger/workers/go/internal/workerv1"
)

const (
	aRun        = "0123abcd-0000-4000-8000-000000000001"
	testTimeout = 30 * time.Second
	poll        = 10 * time.Millisecond
)

// program is `bl-worker`, built once for all tests.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	directory, err := os.MkdirTemp("", "buildledger-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	program = filepath.Join(directory, "bl-worker")
	if output, err := exec.Command("go", "build", "-o", program, "../../cmd/bl-worker").CombinedOutput(); err != nil {
		panic(string(output))
	}
	return m.Run()
}

// execution is one process `bl-worker exec`, as the worker that has started it sees it.
type execution struct {
	*testing.T
	work, temporary string
	process         *exec.Cmd
	in              io.WriteCloser
	pipe            io.ReadCloser
	out             *bufio.Reader
	told            bytes.Buffer // Standard error.
	events          []*pb.RunEvent
}

func start(t *testing.T, options ...string) *execution {
	t.Helper()
	e := &execution{T: t, work: t.TempDir(), temporary: t.TempDir()}
	e.process = exec.Command(program, append([]string{"exec", "--work", e.work}, options...)...)
	e.process.Env = append(os.Environ(), "TMPDIR="+e.temporary)
	e.process.Stderr = &e.told
	var err error
	if e.in, err = e.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if e.pipe, err = e.process.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	e.out = bufio.NewReader(e.pipe)
	if err := e.process.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.AfterFunc(testTimeout, func() { e.process.Process.Kill() })
	t.Cleanup(func() { deadline.Stop() })
	return e
}

// aScript is a run of a shell script that is ended by SIGTERM.
func aScript(script string) *pb.DesiredRun {
	return &pb.DesiredRun{RunId: aRun, Attempt: 1, Fence: 1, Want: pb.Want_WANT_RUN, Spec: &pb.RunSpec{
		Builddir: "build",
		Operation: &pb.RunSpec_Command{Command: &pb.Command{
			Program:    &pb.Command_ShellScript{ShellScript: &pb.ShellScript{Text: script}},
			StopPolicy: []*pb.StopStep{{Level: pb.StopLevel_STOP_LEVEL_TERMINATE, Grace: durationpb.New(testTimeout)}},
		}},
	}}
}

func (e *execution) want(wanted *pb.DesiredRun) {
	e.Helper()
	if _, err := protodelim.MarshalTo(e.in, wanted); err != nil {
		e.Fatal(err)
	}
}

// next is the next event; nil at the end.
func (e *execution) next() *pb.RunEvent {
	e.Helper()
	event := &pb.RunEvent{}
	err := protodelim.UnmarshalFrom(e.out, event)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		e.Fatal(err)
	}
	e.events = append(e.events, event)
	if event.GetEventNo() != uint64(len(e.events)) || event.GetRunId() != aRun {
		e.Errorf("event %d is %v", len(e.events), event)
	}
	return event
}

// awaitOutput reads events until there is some output.
func (e *execution) awaitOutput() string {
	e.Helper()
	for event := e.next(); event != nil; event = e.next() {
		if output := event.GetOutput(); output != nil {
			return string(output.GetData())
		}
	}
	e.Fatal("there is no output")
	return ""
}

// end reads the rest, and returns the last event and the exit code.
func (e *execution) end() (last *pb.RunEvent, code int) {
	e.Helper()
	for event := e.next(); event != nil; event = e.next() {
		last = event
	}
	return last, e.wait()
}

// wait waits for the program, which leaves nothing behind.
func (e *execution) wait() int {
	e.Helper()
	_ = e.process.Wait() // The exit code says it.
	if left, _ := os.ReadDir(e.temporary); len(left) > 0 {
		e.Errorf("%v is left", left)
	}
	return e.process.ProcessState.ExitCode()
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func (e *execution) kinds() (kinds []string) {
	for _, event := range e.events {
		name := event.ProtoReflect().WhichOneof(event.ProtoReflect().Descriptor().Oneofs().ByName("event")).Name()
		kinds = append(kinds, string(name))
	}
	return kinds
}

// awaitEnd waits until a process is gone.
func awaitEnd(t *testing.T, pid string) {
	t.Helper()
	number, err := strconv.Atoi(strings.TrimSpace(pid))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(testTimeout); syscall.Kill(number, 0) == nil; time.Sleep(poll) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d goes on", number)
		}
	}
}

// A run's events are told in order and to the last, and the exit code doesn't depend on what it came to.
func TestRunIsCarriedOut(t *testing.T) {
	e := start(t)
	e.want(aScript("echo hello; exit 3"))
	last, code := e.end()
	if code != 0 || last.GetExited().GetCode() != 3 || last.GetExited().GetOutputTotals()[0].GetBytes() != 6 {
		t.Errorf("%v, exit code %d", last, code)
	}
	if !slices.Equal(e.kinds(), []string{"accepted", "started", "output", "exited"}) {
		t.Errorf("%v", e.kinds())
	}
	if output := e.events[2].GetOutput(); string(output.GetData()) != "hello\n" || output.GetCrc32C() == 0 {
		t.Errorf("%v", output)
	}
}

// STOP ends it by its policy and with its reason; an outdated STOP doesn't, and the fence of the events is the highest.
func TestStopIsObeyed(t *testing.T) {
	e := start(t)
	wanted := aScript("trap '' INT; echo on; sleep 1000 & wait")
	wanted.Fence = 5
	e.want(wanted)
	e.awaitOutput()
	stop := &pb.DesiredRun{RunId: aRun, Attempt: 1, Fence: 4, Want: pb.Want_WANT_STOP, Stop: &pb.Stop{Level: pb.StopLevel_STOP_LEVEL_KILL}}
	e.want(stop)
	stop.Fence, stop.Stop.Level = 6, pb.StopLevel_STOP_LEVEL_INTERRUPT
	e.want(stop)
	last, code := e.end()
	if exited := last.GetExited(); code != 0 || exited.GetReason() != pb.ExitReason_EXIT_REASON_CANCEL || exited.GetSignal() != 15 {
		t.Errorf("%v, exit code %d", last, code)
	}
	if last.GetFence() != 6 {
		t.Errorf("fence %d", last.GetFence())
	}
}

// Limits of time and of output end it, each with its reason.
func TestLimitsAreKept(t *testing.T) {
	for reason, limit := range map[pb.ExitReason]func(*pb.RunSpec){
		pb.ExitReason_EXIT_REASON_MAX_TIME: func(s *pb.RunSpec) {
			s.Timeouts = &pb.Timeouts{Max: durationpb.New(300 * time.Millisecond)}
		},
		pb.ExitReason_EXIT_REASON_NO_OUTPUT: func(s *pb.RunSpec) {
			s.Timeouts = &pb.Timeouts{NoOutput: durationpb.New(300 * time.Millisecond)}
		},
		pb.ExitReason_EXIT_REASON_LOG_LIMIT: func(s *pb.RunSpec) { s.GetCommand().LogLimit = 7 },
	} {
		e := start(t)
		wanted := aScript("echo 0123456789; exec sleep 1000")
		limit(wanted.Spec)
		e.want(wanted)
		if last, _ := e.end(); last.GetExited().GetReason() != reason {
			t.Errorf("%v instead of %v", last, reason)
		}
	}
}

// A slow reader makes the command wait; that isn't silence, and nothing is lost.
func TestSlowReaderHasTheCommandWait(t *testing.T) {
	e := start(t)
	const size = 12 << 20
	wanted := aScript("head -c " + strconv.Itoa(size) + " /dev/zero; echo done > done")
	wanted.Spec.Timeouts = &pb.Timeouts{NoOutput: durationpb.New(time.Second)}
	e.want(wanted)
	e.awaitOutput()
	time.Sleep(1500 * time.Millisecond)
	if _, err := os.Stat(filepath.Join(e.work, "build", "done")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it didn't wait: %v", err)
	}
	last, _ := e.end()
	if exited := last.GetExited(); exited.GetReason() != pb.ExitReason_EXIT_REASON_COMPLETED || exited.GetOutputTotals()[0].GetBytes() != size {
		t.Errorf("%v", exited)
	}
}

// With a lock one run begins when the one before it has ended, and is rejected if its time to start is over by then.
func TestRunsComeOneAfterTheOther(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "lock")
	first, second, hasty := start(t, "--lock", lock), start(t, "--lock", lock), start(t, "--lock", lock)
	first.want(aScript("echo on; exec sleep 1000"))
	first.awaitOutput()
	hurried := aScript("true")
	hurried.Spec.Timeouts = &pb.Timeouts{Start: durationpb.New(100 * time.Millisecond)}
	hasty.want(hurried)
	second.want(aScript("true"))
	if last, _ := hasty.end(); last.GetRejected().GetCode() != pb.RejectCode_REJECT_CODE_START_TIMEOUT {
		t.Errorf("%v", last)
	}
	first.in.Close()
	firstEnd, _ := first.end()
	if secondEnd, _ := second.end(); second.events[0].GetMonotonic().AsDuration() < firstEnd.GetMonotonic().AsDuration() {
		t.Errorf("%v, and %v", firstEnd, secondEnd)
	}
}

// When standard input ends the worker is gone: all that it runs ends, what has left its session too.
func TestEndOfTheWorkerEndsTheRun(t *testing.T) {
	e := start(t)
	e.want(aScript("setsid sleep 1000 & echo $!; wait"))
	pid := e.awaitOutput()
	e.in.Close()
	last, code := e.end()
	if code != 0 || last.GetExited().GetReason() != pb.ExitReason_EXIT_REASON_WORKER_SHUTDOWN {
		t.Errorf("%v, exit code %d", last, code)
	}
	awaitEnd(t, pid)
}

// A worker that is killed takes its end of both pipes along; the run ends all the same.
func TestReaderThatLeftEndsTheRun(t *testing.T) {
	e := start(t)
	e.want(aScript("echo $$; while :; do echo x; sleep 0.01; done"))
	pid := e.awaitOutput()
	e.pipe.Close()
	if code := e.wait(); code != 1 || !strings.Contains(e.told.String(), "nobody takes the events") {
		t.Errorf("exit code %d: %s", code, &e.told)
	}
	awaitEnd(t, strings.Fields(pid)[0])
}

// When it is killed itself, the supervisor of the command ends that, and a later one removes what was left.
func TestKilledProgramEndsTheRun(t *testing.T) {
	e := start(t)
	e.want(aScript("echo $$; exec sleep 1000"))
	pid := e.awaitOutput()
	e.process.Process.Kill()
	_ = e.process.Wait() // It was killed.
	awaitEnd(t, pid)
	left, err := filepath.Glob(filepath.Join(e.temporary, "*"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	longAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(left[0], longAgo, longAgo); err != nil {
		t.Fatal(err)
	}
	later := exec.Command(program, "exec", "--work", e.work)
	later.Env = append(os.Environ(), "TMPDIR="+e.temporary)
	for deadline := time.Now().Add(testTimeout); exists(left[0]) && time.Now().Before(deadline); time.Sleep(poll) {
		_ = (&exec.Cmd{Path: later.Path, Args: later.Args, Env: later.Env}).Run() // It is asked for nothing.
	}
	e.wait()
}

// What makes no sense on standard input is told, with exit code 2.
func TestRubbishIsTold(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "ends before anything is asked for",
		"hello\n":                      "ends within a message",
		strings.Repeat("hello\n", 100): "no DesiredRun",
		"\xff\xff\xff\xff\x0f":         "no DesiredRun",
		"\x02\x20\x01":                 "nothing to begin with", // WANT_RUN of no run.
	} {
		e := start(t)
		_, _ = io.WriteString(e.in, text) // It may have ended already.
		e.in.Close()
		if last, code := e.end(); last != nil || code != 2 || !strings.Contains(e.told.String(), want) {
			t.Errorf("%q: %v, exit code %d: %s", text, last, code, &e.told)
		}
	}
}

// Rubbish behind a run that goes on ends it: its worker can't be understood any more.
func TestRubbishEndsTheRun(t *testing.T) {
	other := aScript("")
	other.Attempt = 2
	e := start(t)
	e.want(aScript("echo on; exec sleep 1000"))
	e.awaitOutput()
	e.want(other)
	last, code := e.end()
	if code != 2 || last.GetExited().GetReason() != pb.ExitReason_EXIT_REASON_WORKER_SHUTDOWN {
		t.Errorf("%v, exit code %d", last, code)
	}
	if !strings.Contains(e.told.String(), "attempt 2; this is run") {
		t.Error(e.told.String())
	}
}

// What needs a connection to the server is rejected, and so is a path that leads out.
func TestWhatCantBeDoneIsRejected(t *testing.T) {
	for code, spec := range map[pb.RejectCode]*pb.RunSpec{
		pb.RejectCode_REJECT_CODE_UNSUPPORTED:  {Builddir: "build", FilesOut: []*pb.FileOut{{Pattern: []byte("*")}}},
		pb.RejectCode_REJECT_CODE_PATH_ESCAPES: {Builddir: "../build", Operation: aScript("true").GetSpec().GetOperation()},
	} {
		e := start(t)
		e.want(&pb.DesiredRun{RunId: aRun, Attempt: 1, Fence: 1, Want: pb.Want_WANT_RUN, Spec: spec})
		if last, exit := e.end(); exit != 0 || last.GetRejected().GetCode() != code {
			t.Errorf("%v, exit code %d", last, exit)
		}
	}
}

// What it says it keeps is what its runs may use.
func TestFeaturesAreSaid(t *testing.T) {
	text, err := exec.Command(program, "exec", "--features").Output()
	if err != nil {
		t.Fatal(err)
	}
	features := strings.Fields(string(text))
	for _, feature := range []string{"timeouts", "log_limit", "stop_policy", "secrets", "file_operations"} {
		if !slices.Contains(features, feature) {
			t.Errorf("%s isn't in %v", feature, features)
		}
	}
	for _, feature := range []string{"blobs", "file_types", "supervised"} {
		if slices.Contains(features, feature) {
			t.Errorf("%s is in %v", feature, features)
		}
	}
}
