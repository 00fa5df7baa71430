package session

import (
	"log/slog"
	"testing"

	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	aRun     = "0123abcd-0000-4000-8000-000000000001"
	otherRun = "0123abcd-0000-4000-8000-000000000002"
)

// newRegistry is an empty registry, and its outbox at the beginning of a session.
func newRegistry(t *testing.T) (*AttemptRegistry, *Outbox) {
	t.Helper()
	log, outbox := slog.New(slog.DiscardHandler), NewOutbox()
	budget := runs.NewSpoolBudget(1<<30, 1)
	store, err := runs.NewAttemptStore(t.TempDir(), budget, outbox.Wake, log)
	if err != nil {
		t.Fatal(err)
	}
	executor := runs.NewLocalExecutor(runs.ExecutorOptions{
		WorkDir: t.TempDir(), Server: runs.NewServerSettings(), Budget: budget, Log: log,
	})
	return NewAttemptRegistry(store, runs.NewRunner(store, executor, log), outbox, log, nil, func(string) {}), outbox
}

// desiredState is the desired state of a server that wants one thing of some runs, and nothing of any other.
func desiredState(epoch, revision uint64, want pb.Want, ids ...string) *pb.Desired {
	desired := &pb.Desired{Epoch: epoch, Revision: revision, Full: true}
	for _, id := range ids {
		desired.Runs = append(desired.Runs, &pb.DesiredRun{RunId: id, Attempt: 1, Fence: 1, Want: want})
	}
	return desired
}

// rejections are the codes of the rejections in the next message.
func rejections(t *testing.T, outbox *Outbox) (codes []pb.RejectCode) {
	t.Helper()
	message, err := outbox.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range message.GetEvents().GetEvents() {
		codes = append(codes, event.GetRejected().GetCode())
	}
	return codes
}

// A run that can't be started is rejected, with the reason that applies.
func TestRunsAreRejected(t *testing.T) {
	for want, code := range map[pb.Want]pb.RejectCode{
		pb.Want_WANT_STOP:    pb.RejectCode_REJECT_CODE_STOPPED_BEFORE_START,
		pb.Want_WANT_ABANDON: pb.RejectCode_REJECT_CODE_STOPPED_BEFORE_START,
		pb.Want_WANT_RUN:     pb.RejectCode_REJECT_CODE_INVALID_SPEC,
	} {
		registry, outbox := newRegistry(t)
		registry.Apply(desiredState(1, 1, want, aRun))
		if codes := rejections(t, outbox); len(codes) != 1 || codes[0] != code {
			t.Errorf("%v: %v", want, codes)
		}
	}
	registry, outbox := newRegistry(t)
	registry.Drain()
	registry.Apply(desiredState(1, 1, pb.Want_WANT_RUN, aRun))
	if codes := rejections(t, outbox); len(codes) != 1 || codes[0] != pb.RejectCode_REJECT_CODE_DRAINING {
		t.Errorf("draining: %v", codes)
	}
}

// An outdated desired state changes nothing, and neither does one that names what can't be a run.
func TestOutdatedStatesAreIgnored(t *testing.T) {
	registry, _ := newRegistry(t)
	registry.Apply(desiredState(2, 5, pb.Want_WANT_STOP, aRun))
	registry.Apply(desiredState(2, 4, pb.Want_WANT_STOP, otherRun))
	registry.Apply(desiredState(1, 9, pb.Want_WANT_STOP, otherRun))
	registry.Apply(desiredState(2, 6, pb.Want_WANT_STOP, aRun, "../../etc"))
	if all := registry.All(); len(all) != 1 || all[0].RunID != aRun {
		t.Errorf("%d attempts", len(all))
	}
}

// A released attempt is gone, and isn't started again by an old message.
func TestReleasedAttemptsStayReleased(t *testing.T) {
	registry, outbox := newRegistry(t)
	registry.Apply(desiredState(1, 1, pb.Want_WANT_STOP, aRun))
	if registry.Undelivered() == nil {
		t.Error("nothing is undelivered")
	}
	rejections(t, outbox)
	registry.Acknowledge(&pb.Ack{RunId: aRun, Attempt: 1, ThroughEvent: 1})
	if registry.Undelivered() != nil || len(registry.All()) != 1 {
		t.Error("it isn't delivered, or was released")
	}
	registry.Acknowledge(&pb.Ack{RunId: aRun, Attempt: 1, ThroughEvent: 1, Release: true})
	registry.Apply(desiredState(1, 2, pb.Want_WANT_STOP, aRun))
	if all := registry.All(); len(all) != 0 {
		t.Errorf("%d attempts", len(all))
	}
}

// An attempt that the server doesn't name in its full state is removed once it has ended.
func TestUnknownAttemptsAreRemoved(t *testing.T) {
	registry, _ := newRegistry(t)
	registry.Apply(desiredState(1, 1, pb.Want_WANT_STOP, aRun, otherRun))
	registry.Apply(desiredState(1, 2, pb.Want_WANT_STOP, otherRun))
	if all := registry.All(); len(all) != 1 || all[0].RunID != otherRun {
		t.Errorf("%d attempts", len(all))
	}
}
