package main

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "buildledger/workers/go/internal/workerv1"
)

// channel is where the lines go: the steps of the bench have standard error joined to standard output.
const channel = "stdio"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// heldRun is a run that keeps its events until the server has them, and writes a line now and then.
type heldRun struct {
	id      string
	attempt uint32
	fence   uint64
	unacked []*pb.RunEvent
	sent    int // How many of unacked went out on this stream.
	next    uint64
	lines   int
	bytes   uint64
	digest  hash.Hash
	isOver  bool
}

func newRun(wanted *pb.DesiredRun) *heldRun {
	run := &heldRun{
		id: wanted.GetRunId(), attempt: wanted.GetAttempt(), fence: wanted.GetFence(), next: 1, digest: sha256.New(),
	}
	run.add(&pb.RunEvent{Event: &pb.RunEvent_Accepted{Accepted: &pb.Accepted{}}})
	run.add(&pb.RunEvent{Event: &pb.RunEvent_Started{Started: &pb.Started{Pid: 1, Mechanism: "none"}}})
	return run
}

func (r *heldRun) add(event *pb.RunEvent) {
	event.RunId, event.Attempt, event.Fence, event.EventNo = r.id, r.attempt, r.fence, r.next
	event.Wall = timestamppb.New(time.Now())
	r.unacked = append(r.unacked, event)
	r.next++
}

func (r *heldRun) writeLine() {
	if r.isOver {
		return
	}
	r.lines++
	data := fmt.Appendf(nil, "line %d\n", r.lines)
	r.digest.Write(data)
	output := &pb.Output{Channel: channel, Offset: r.bytes, Data: data, Crc32C: crc32.Checksum(data, castagnoli)}
	r.bytes += uint64(len(data))
	r.add(&pb.RunEvent{Event: &pb.RunEvent_Output{Output: output}})
}

func (r *heldRun) exit() {
	if r.isOver {
		return
	}
	r.isOver = true
	exited := &pb.Exited{Status: &pb.Exited_Code{Code: 0}, Reason: pb.ExitReason_EXIT_REASON_COMPLETED}
	if r.bytes > 0 {
		exited.OutputTotals = []*pb.OutputTotal{{Channel: channel, Bytes: r.bytes, Sha256: r.digest.Sum(nil)}}
	}
	r.add(&pb.RunEvent{Event: &pb.RunEvent_Exited{Exited: exited}})
}

func (r *heldRun) startSession() { r.sent = 0 }

// unsent is what goes out next.
func (r *heldRun) unsent() []*pb.RunEvent {
	events := r.unacked[r.sent:]
	r.sent = len(r.unacked)
	return events
}

func (r *heldRun) firstUnacked() uint64 { return r.next - uint64(len(r.unacked)) }

func (r *heldRun) acknowledge(ack *pb.Ack) {
	for len(r.unacked) > 0 && r.firstUnacked() <= ack.GetThroughEvent() {
		r.unacked[0] = nil
		r.unacked = r.unacked[1:]
		r.sent = max(r.sent-1, 0)
	}
	if ack.ResumeFrom != nil && ack.GetResumeFrom() >= r.firstUnacked() {
		r.sent = min(int(ack.GetResumeFrom()-r.firstUnacked()), len(r.unacked))
	}
}

func (r *heldRun) summary() *pb.RunSummary {
	state := pb.RunState_RUN_STATE_RUNNING
	if r.isOver {
		state = pb.RunState_RUN_STATE_EXITED
	}
	return &pb.RunSummary{
		RunId: r.id, Attempt: r.attempt, Fence: r.fence, State: state, NextEvent: r.next, AckedThrough: r.firstUnacked() - 1,
		Offsets: []*pb.ChannelOffset{{Channel: channel, Bytes: r.bytes}},
	}
}
