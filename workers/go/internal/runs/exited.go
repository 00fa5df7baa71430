package runs

import (
	"encoding/hex"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/files/paths"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	outputLost    = "the machine crashed before all of its output was on the disk"
	statusUnknown = "its supervisor has written down neither an exit code nor a signal"
)

// maxSurvivors are named; the event must fit into a message.
const maxSurvivors = 300

// exited is the end of a command as its supervisor has written it down.
func (f *follower) exited(exit *contract.Exit) *pb.Exited {
	exited := &pb.Exited{
		Reason:          reasonOf(exit.Reason),
		StartFailure:    failureOf(exit.StartFailure),
		Message:         exit.Message,
		SurvivorsKilled: survivorsOf(exit.Survivors),
		OutputTotals:    f.totals(exit),
		RanFor:          durationpb.New(exit.RanFor.Duration()),
	}
	switch {
	case exit.Code != nil:
		exited.Status = &pb.Exited_Code{Code: *exit.Code}
	case exit.Signal != nil:
		exited.Status = &pb.Exited_Signal{Signal: *exit.Signal}
	}
	switch {
	case f.storageError != "":
		exited.Reason, exited.Message = pb.ExitReason_EXIT_REASON_STORAGE, f.storageError
	case !f.hasAll(exit.Totals):
		exited.Reason, exited.Message = pb.ExitReason_EXIT_REASON_INTERRUPTED, outputLost
	case exited.Reason == pb.ExitReason_EXIT_REASON_UNSPECIFIED:
		exited.Reason = pb.ExitReason_EXIT_REASON_INTERRUPTED
		exited.Message = fmt.Sprintf("its supervisor gives a reason that this worker doesn't know: %q", exit.Reason)
	case exited.Reason == pb.ExitReason_EXIT_REASON_COMPLETED && exited.Status == nil:
		exited.Reason, exited.Message = pb.ExitReason_EXIT_REASON_INTERRUPTED, statusUnknown
	}
	if exit.UserCPU != nil && exit.SystemCPU != nil {
		exited.UserCpu, exited.SystemCpu = durationpb.New(exit.UserCPU.Duration()), durationpb.New(exit.SystemCPU.Duration())
	}
	return exited
}

// hasAll reports whether everything that the supervisor has spooled was journalled.
func (f *follower) hasAll(totals []contract.Total) bool {
	for _, each := range totals {
		if each.Channel >= len(f.positions) || each.Spooled != f.positions[each.Channel] {
			return false
		}
	}
	return true
}

// totals are size and digest of each channel that had output. A channel that wasn't journalled whole has no digest.
func (f *follower) totals(exit *contract.Exit) []*pb.OutputTotal {
	totals := f.attempt.totals()
	for _, total := range totals {
		for _, each := range exit.Totals {
			isMeant := each.Channel < len(f.positions) && f.attempt.journal.Header.Channels[each.Channel] == total.GetChannel()
			digest, err := hex.DecodeString(each.SHA256)
			if isMeant && err == nil && each.Spooled == f.positions[each.Channel] && f.storageError == "" {
				total.Sha256 = digest
			}
		}
	}
	return totals
}

// interrupted is the end of a command whose supervisor was killed, or could write nothing more down; storageError is why its output
// couldn't be journalled, if so. Whatever the supervisor left running is killed as well.
func (e *LocalExecutor) interrupted(a *Attempt, directory, storageError string) *pb.Exited {
	claim, _ := contract.ReadClaim(directory)
	root := supervision.ReadRoot(directory)
	exited := &pb.Exited{Reason: pb.ExitReason_EXIT_REASON_INTERRUPTED, Message: "its supervisor was killed"}
	orphaned := processes.OrphanedRun{Cookie: a.cookie, Root: root}
	switch {
	case claim == nil:
		message := "its supervisor ended before it began"
		if diagnostics := supervision.ReadDiagnostics(directory); diagnostics != "" {
			message = fmt.Sprintf("%s; it said: %s", message, diagnostics)
		}
		return notStarted(&processes.StartError{Failure: processes.OtherFailure, Message: message})
	case claim.PID == 0:
		exited.Reason = pb.ExitReason_EXIT_REASON_START_UNKNOWN
		exited.Message = "the worker was restarted before it was started"
	case root == nil:
		exited.Reason = pb.ExitReason_EXIT_REASON_START_UNKNOWN
		exited.Message = "its supervisor was killed while it started it"
		orphaned.Root = &processes.Identity{Cgroup: claim.Cgroup}
	}
	survivors := e.killOrphans(orphaned)
	a.removeSecretFiles()
	exited.SurvivorsKilled, exited.OutputTotals = survivorsOf(survivors), a.totals()
	if storageError != "" {
		exited.Reason, exited.Message = pb.ExitReason_EXIT_REASON_STORAGE, storageError
	}
	return exited
}

// removeSecretFiles removes the secret files of a supervisor that was killed.
func (a *Attempt) removeSecretFiles() {
	if err := durable.RemoveTree(contract.SecretDirectory(a.directory(), a.cookie)); err != nil {
		a.store.log.Error("secrets can't be removed", "run", a.RunID, "error", err)
	}
}

// survivorsOf are the processes that were killed, as the protocol names them.
func survivorsOf(survivors []processes.Survivor) []*pb.Survivor {
	var named []*pb.Survivor
	for _, each := range survivors[:min(len(survivors), maxSurvivors)] {
		named = append(named, &pb.Survivor{Pid: uint32(each.PID), Name: each.Name})
	}
	return named
}

// notStarted is the end of a command that couldn't be started.
func notStarted(err error) *pb.Exited {
	exited := &pb.Exited{
		Reason:       pb.ExitReason_EXIT_REASON_START_FAILED,
		StartFailure: pb.StartFailure_START_FAILURE_OTHER,
		Message:      err.Error(),
	}
	var failure *processes.StartError
	var escapes *paths.EscapesError
	switch {
	case errors.As(err, &failure):
		exited.StartFailure = failureOf(failure.Failure)
	case errors.As(err, &escapes):
		exited.StartFailure = pb.StartFailure_START_FAILURE_BAD_CWD
	}
	return exited
}

func completed() *pb.Exited {
	return &pb.Exited{Status: &pb.Exited_Code{Code: 0}, Reason: pb.ExitReason_EXIT_REASON_COMPLETED}
}

func fileFailed() *pb.Exited {
	return &pb.Exited{Status: &pb.Exited_Code{Code: 1}, Reason: pb.ExitReason_EXIT_REASON_FILE_FAILED}
}

func hasSucceeded(exited *pb.Exited) bool {
	_, hasCode := exited.GetStatus().(*pb.Exited_Code)
	return hasCode && exited.GetCode() == 0 && exited.GetReason() == pb.ExitReason_EXIT_REASON_COMPLETED
}
