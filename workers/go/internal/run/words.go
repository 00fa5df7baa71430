package run

import (
	"strings"

	"buildledger/workers/go/internal/process"
	pb "buildledger/workers/go/internal/workerv1"
)

// The protocol and the supervisor have the same words, in another dress: EXIT_REASON_NO_OUTPUT is "no_output".
const (
	reasonPrefix  = "EXIT_REASON_"
	levelPrefix   = "STOP_LEVEL_"
	failurePrefix = "START_FAILURE_"
)

func reasonOf(word string) pb.ExitReason {
	return pb.ExitReason(pb.ExitReason_value[reasonPrefix+strings.ToUpper(word)])
}

func wordOfReason(reason pb.ExitReason) string {
	return strings.ToLower(strings.TrimPrefix(reason.String(), reasonPrefix))
}

func levelOf(word process.Level) pb.StopLevel {
	return pb.StopLevel(pb.StopLevel_value[levelPrefix+strings.ToUpper(string(word))])
}

func wordOfLevel(level pb.StopLevel) process.Level {
	return process.Level(strings.ToLower(strings.TrimPrefix(level.String(), levelPrefix)))
}

func failureOf(word process.Failure) pb.StartFailure {
	return pb.StartFailure(pb.StartFailure_value[failurePrefix+strings.ToUpper(string(word))])
}
