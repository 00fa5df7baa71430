package runs

import (
	"strings"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
	pb "buildledger/workers/go/internal/workerv1"
)

// The protocol's enum values and the contract's names differ only in prefix and case: EXIT_REASON_NO_OUTPUT is "no_output".
const (
	reasonPrefix  = "EXIT_REASON_"
	levelPrefix   = "STOP_LEVEL_"
	failurePrefix = "START_FAILURE_"
)

func reasonOf(name contract.Reason) pb.ExitReason {
	return pb.ExitReason(pb.ExitReason_value[reasonPrefix+strings.ToUpper(string(name))])
}

func stopLevelOf(name processes.Level) pb.StopLevel {
	return pb.StopLevel(pb.StopLevel_value[levelPrefix+strings.ToUpper(string(name))])
}

// LevelOf is the contract's name of a level; that of INTERRUPT for one that is unspecified or that this worker doesn't know.
func LevelOf(level pb.StopLevel) processes.Level {
	switch level {
	case pb.StopLevel_STOP_LEVEL_TERMINATE:
		return processes.Terminate
	case pb.StopLevel_STOP_LEVEL_KILL:
		return processes.Kill
	}
	return processes.Interrupt
}

func failureOf(name processes.Failure) pb.StartFailure {
	return pb.StartFailure(pb.StartFailure_value[failurePrefix+strings.ToUpper(string(name))])
}
