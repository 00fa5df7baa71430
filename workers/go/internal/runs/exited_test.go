package runs

import (
	"strings"
	"testing"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/journal"
	pb "buildledger/workers/go/internal/workerv1"
)

// A record of the end without its status, for an unknown reason, or with output that isn't there or couldn't be kept, is no success.
func TestAnEndThatSaysTooLittleIsNoSuccess(t *testing.T) {
	code := uint32(0)
	for name, each := range map[string]struct {
		exit         contract.Exit
		storageError string
		reason       pb.ExitReason
		message      string
	}{
		"without a status": {
			exit:    contract.Exit{Reason: contract.Completed},
			reason:  pb.ExitReason_EXIT_REASON_INTERRUPTED,
			message: "neither an exit code nor a signal",
		},
		"for an unknown reason": {
			exit:    contract.Exit{Reason: "of another version", Code: &code},
			reason:  pb.ExitReason_EXIT_REASON_INTERRUPTED,
			message: "doesn't know",
		},
		"with lost output": {
			exit:    contract.Exit{Reason: contract.Completed, Code: &code, Totals: []contract.Total{{Spooled: 9}}},
			reason:  pb.ExitReason_EXIT_REASON_INTERRUPTED,
			message: "before all of its output",
		},
		"with output that can't be kept": {
			exit:         contract.Exit{Reason: contract.Completed, Code: &code},
			storageError: "the disk is full",
			reason:       pb.ExitReason_EXIT_REASON_STORAGE,
			message:      "the disk is full",
		},
		"as it should be": {
			exit:   contract.Exit{Reason: contract.Completed, Code: &code},
			reason: pb.ExitReason_EXIT_REASON_COMPLETED,
		},
	} {
		f := &follower{attempt: &Attempt{journal: &journal.Journal{}}, storageError: each.storageError}
		exited := f.exited(&each.exit)
		if exited.GetReason() != each.reason || !strings.Contains(exited.GetMessage(), each.message) {
			t.Errorf("%s: %v", name, exited)
		}
	}
}
