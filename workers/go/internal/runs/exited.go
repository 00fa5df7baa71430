package runs

import (
	"context"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

// mostSurvivors are named; the event must fit into a message.
const mostSurvivors = 300

// exited is the end as the supervisor tells it.
func (f *following) exited(exit *contract.Exit) *pb.Exited {
	exited := &pb.Exited{
		Reason:          reasonOf(exit.Reason),
		StartFailure:    failureOf(exit.StartFailure),
		Message:         exit.Message,
		SurvivorsKilled: survivorsOf(exit.Survivors),
		OutputTotals:    f.totals(exit),
		RanFor:          durationpb.New(exit.RanFor.Duration()),
	}
	if f.wrong != "" {
		exited.Message = f.wrong
	}
	switch {
	case exit.Code != nil:
		exited.Status = &pb.Exited_Code{Code: *exit.Code}
	case exit.Signal != nil:
		exited.Status = &pb.Exited_Signal{Signal: *exit.Signal}
	}
	if exit.UserCPU != nil && exit.SystemCPU != nil {
		exited.UserCpu, exited.SystemCpu = durationpb.New(exit.UserCPU.Duration()), durationpb.New(exit.SystemCPU.Duration())
	}
	return exited
}

// totals are size and digest of each channel that had output. Without all of it there is no digest.
func (f *following) totals(exit *contract.Exit) []*pb.OutputTotal {
	totals := f.attempt.totals()
	for _, total := range totals {
		for _, each := range exit.Totals {
			isMeant := each.Channel < len(f.positions) && f.attempt.journal.Header.Channels[each.Channel] == total.GetChannel()
			if digest, err := hex.DecodeString(each.SHA256); isMeant && err == nil && each.Spooled == f.positions[each.Channel] && f.wrong == "" {
				total.Sha256 = digest
			}
		}
	}
	return totals
}

// interrupted is the end of a command whose supervisor was killed: whatever it left is killed as well.
func (f *following) interrupted() *pb.Exited {
	a := f.attempt
	claim, _ := contract.ReadClaim(f.command.Directory)
	root := supervision.ReadRoot(f.command.Directory)
	exited := &pb.Exited{Reason: pb.ExitReason_EXIT_REASON_INTERRUPTED, Message: "its supervisor was killed"}
	leftover := processes.OrphanedRun{Cookie: a.cookie, Root: root}
	switch {
	case claim == nil:
		return notStarted(&processes.StartError{
			Failure: processes.OtherFailure, Message: endOf("its supervisor ended before it began", supervision.ReadDiagnostics(f.command.Directory)),
		})
	case claim.PID == 0:
		exited.Reason = pb.ExitReason_EXIT_REASON_START_UNKNOWN
		exited.Message = "the worker was restarted before it was started"
	case root == nil:
		exited.Reason = pb.ExitReason_EXIT_REASON_START_UNKNOWN
		exited.Message = "its supervisor was killed while it started it"
		leftover.Root = &processes.Identity{Cgroup: claim.Cgroup}
	}
	survivors, _ := a.shop.household.KillOrphans(context.Background(), []processes.OrphanedRun{leftover})
	a.removeSecrets()
	exited.SurvivorsKilled, exited.OutputTotals = survivorsOf(survivors[a.cookie]), a.totals()
	return exited
}

// removeSecrets removes the secret files of a supervisor that was killed.
func (a *Attempt) removeSecrets() {
	if err := durable.RemoveTree(contract.SecretDirectory(a.directory(), a.cookie)); err != nil {
		a.shop.Log.Error("secrets can't be removed", "run", a.RunID, "error", err)
	}
}

// survivorsOf are the processes that were killed, as the protocol has them.
func survivorsOf(survivors []processes.Survivor) []*pb.Survivor {
	var named []*pb.Survivor
	for _, each := range survivors[:min(len(survivors), mostSurvivors)] {
		named = append(named, &pb.Survivor{Pid: uint32(each.PID), Name: each.Name})
	}
	return named
}

// endOf is a sentence about how a supervisor ended that didn't say how its command did.
func endOf(what, sayings string) string {
	if sayings == "" {
		return what
	}
	return fmt.Sprintf("%s; it said: %s", what, sayings)
}
