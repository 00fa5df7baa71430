package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"buildledger/workers/go/internal/journal"
	pb "buildledger/workers/go/internal/workerv1"
)

const aRun = "0123abcd-0000-4000-8000-000000000001"

// desiredRun is one run of a shell script.
func desiredRun(script string) *pb.DesiredRun {
	return &pb.DesiredRun{RunId: aRun, Attempt: 1, Fence: 1, Want: pb.Want_WANT_RUN, Spec: &pb.RunSpec{
		Builddir: "build",
		Operation: &pb.RunSpec_Command{Command: &pb.Command{
			Program:     &pb.Command_ShellScript{ShellScript: &pb.ShellScript{Text: script}},
			MergeStderr: true,
		}},
	}}
}

// A command's events arrive in order, and its output byte for byte.
func TestCommandIsRunAndReported(t *testing.T) {
	f := newFakeServer(t, desiredRun("echo hello; echo world >&2; exit 3"))
	serve(t, f, newWorker(t, f, t.TempDir()))
	if !slices.Equal(f.kinds, []string{"accepted", "started"}) || f.bytes["stdio"] != 12 {
		t.Errorf("%v, %d bytes", f.kinds, f.bytes["stdio"])
	}
	if f.exited.GetCode() != 3 || f.exited.GetReason() != pb.ExitReason_EXIT_REASON_COMPLETED {
		t.Errorf("%v", f.exited)
	}
}

// When streams break again and again, nothing is lost and nothing is repeated.
func TestOutputSurvivesCuts(t *testing.T) {
	f := newFakeServer(t, desiredRun("head -c 20000000 /dev/urandom"))
	f.cutAfter = 25
	serve(t, f, newWorker(t, f, t.TempDir()))
	if len(f.hellos) < 3 {
		t.Errorf("only %d streams", len(f.hellos))
	}
	total := f.exited.GetOutputTotals()[0]
	if f.bytes["stdio"] != 20_000_000 || !bytes.Equal(f.output["stdio"].Sum(nil), total.GetSha256()) {
		t.Errorf("%d bytes arrived; the worker counts %d", f.bytes["stdio"], total.GetBytes())
	}
}

// A process that left its session is killed and named, and doesn't keep the run open by holding its output.
func TestEscapedProcessesDie(t *testing.T) {
	f := newFakeServer(t, desiredRun("setsid sleep 1000 & sleep 0.2; echo done"))
	f.desired.Spec.GetCommand().StopPolicy = []*pb.StopStep{{Level: pb.StopLevel_STOP_LEVEL_KILL}}
	serve(t, f, newWorker(t, f, t.TempDir()))
	survivors := f.exited.GetSurvivorsKilled()
	if len(survivors) != 1 || survivors[0].GetName() != "sleep" || f.exited.GetCode() != 0 {
		t.Errorf("%v", f.exited)
	}
}

// A run that takes too long is ended level by level, with its reason.
func TestTimeLimitGoesThroughThePolicy(t *testing.T) {
	f := newFakeServer(t, desiredRun("trap '' INT; sleep 1000 & wait; wait"))
	f.desired.Spec.Timeouts = &pb.Timeouts{Max: durationpb.New(300 * time.Millisecond)}
	f.desired.Spec.GetCommand().StopPolicy = []*pb.StopStep{
		{Level: pb.StopLevel_STOP_LEVEL_INTERRUPT, Grace: durationpb.New(200 * time.Millisecond)},
		{Level: pb.StopLevel_STOP_LEVEL_TERMINATE, Grace: durationpb.New(10 * time.Second)},
	}
	serve(t, f, newWorker(t, f, t.TempDir()))
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_MAX_TIME || f.exited.GetSignal() != 15 {
		t.Errorf("%v", f.exited)
	}
	if !slices.Equal(f.kinds, []string{"accepted", "started", "stopping", "stopping"}) {
		t.Errorf("%v", f.kinds)
	}
}

// A run that an earlier worker process left is reported as interrupted, and never started again.
func TestRunOfAnEarlierProcessIsInterrupted(t *testing.T) {
	stateDir := t.TempDir()
	touched := filepath.Join(t.TempDir(), "touched")
	f := newFakeServer(t, desiredRun("touch "+touched))
	leaveJournal(t, stateDir)
	serve(t, f, newWorker(t, f, stateDir))
	if f.exited.GetReason() != pb.ExitReason_EXIT_REASON_START_UNKNOWN {
		t.Errorf("%v", f.exited)
	}
	if _, err := os.Stat(touched); err == nil {
		t.Error("it was run again")
	}
	if summary := f.hellos[0].GetRuns(); len(summary) != 1 || summary[0].GetState() != pb.RunState_RUN_STATE_EXITED {
		t.Errorf("%v", summary)
	}
}

// leaveJournal leaves what a worker leaves that is killed at the moment of starting a run.
func leaveJournal(t *testing.T, stateDir string) {
	t.Helper()
	directory := filepath.Join(stateDir, "runs")
	if err := os.MkdirAll(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	j := journal.New(directory, journal.Header{
		RunID: aRun, Attempt: 1, Fence: 1, Cookie: "nobody", BuildDir: "build", BootID: "another", Channels: []string{"stdio"},
		SegmentBytes: 1 << 20,
	})
	accepted := []byte{0x52, 0} // RunEvent{accepted: {}}
	record := journal.NewRecord(journal.KindEvent, accepted)
	record.EventNo = 1
	if err := j.Begin(record, journal.NewRecord(journal.KindStarting, nil)); err != nil {
		t.Fatal(err)
	}
	j.Close()
}

// BenchmarkOutput is how fast output of a step gets to a server on the same machine; both share its processors.
func BenchmarkOutput(b *testing.B) {
	const size = 1 << 30
	for b.Loop() {
		f := newFakeServer(b, desiredRun("head -c 1073741824 /dev/zero"))
		serve(b, f, newWorker(b, f, b.TempDir()))
		if f.bytes["stdio"] != size {
			b.Fatalf("%d bytes", f.bytes["stdio"])
		}
	}
	b.SetBytes(size)
}

// BenchmarkSmallStep is how long a command takes that does nothing, from its first event to its last.
func BenchmarkSmallStep(b *testing.B) {
	var took time.Duration
	for b.Loop() {
		f := newFakeServer(b, desiredRun("exit 0"))
		serve(b, f, newWorker(b, f, b.TempDir()))
		took += f.took
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N)/1000, "ms/step")
}

// A secret reaches the command, and is neither in its output nor anywhere in the worker's state.
func TestSecretsAreSeenByTheCommandOnly(t *testing.T) {
	const secret = "correct-horse-battery"
	f := newFakeServer(t, desiredRun(`test "$(cat "$PLACE")" = "$VALUE" && echo "it is $VALUE" && ls -l "$PLACE"; echo "$PLACE" > place`))
	f.desired.Spec.GetCommand().Secrets = []*pb.Secret{{Name: "s", Value: []byte(secret), Env: "VALUE", FileEnv: "PLACE"}}
	stateDir := t.TempDir()
	w := newWorker(t, f, stateDir)
	serve(t, f, w)
	if f.exited.GetCode() != 0 || f.bytes["stdio"] < uint64(len("it is ***\n-rw-------")) {
		t.Errorf("%v", f.exited)
	}
	place, err := os.ReadFile(filepath.Join(w.settings.WorkDir, "build", "place"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(string(bytes.TrimSpace(place))); err == nil {
		t.Error("the file is still there")
	}
	err = filepath.WalkDir(stateDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("%s holds it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
