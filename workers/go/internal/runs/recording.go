package runs

import (
	"time"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/journal"
	pb "buildledger/workers/go/internal/workerv1"
)

// record journals an event, then has it sent. For one that comes from the supervisor's events, eventsRead is how far those were
// read.
func (a *Attempt) record(event *pb.RunEvent, eventsRead int64) error {
	a.mu.Lock()
	record, err := a.eventRecord(event)
	if err == nil {
		record.EventsRead = uint64(eventsRead)
		err = a.append(record)
	}
	a.mu.Unlock()
	if err == nil {
		a.store.wake(a)
	}
	return err
}

// recordOutput journals output that lies in the spool, then has it sent.
func (a *Attempt) recordOutput(channel int, position uint64, data []byte) error {
	record := journal.NewOutputRecord(channel, position, data)
	a.mu.Lock()
	record.Offset = a.journal.Offsets[channel]
	err := a.append(a.numbered(record))
	a.mu.Unlock()
	a.store.wake(a)
	return err
}

// recordGap journals that bytes of output are left out, as the supervisor's events say that were read as far as eventsRead.
func (a *Attempt) recordGap(channel int, bytes uint64, eventsRead int64) error {
	a.mu.Lock()
	offset := a.journal.Offsets[channel]
	record := journal.NewGapRecord(channel, offset+bytes)
	record.Offset, record.EventsRead = offset, uint64(eventsRead)
	err := a.append(a.numbered(record))
	a.mu.Unlock()
	a.store.wake(a)
	return err
}

// recordResults journals the results of a file operation.
func (a *Attempt) recordResults(results []*pb.FileResult) error {
	for _, result := range results {
		if err := a.recordResult(result); err != nil {
			return err
		}
	}
	return nil
}

func (a *Attempt) recordResult(result *pb.FileResult) error {
	return a.record(&pb.RunEvent{Event: &pb.RunEvent_FileResult{FileResult: result}}, 0)
}

// exit journals the last event. On a full disk it is kept in memory, so that it still reaches the server.
func (a *Attempt) exit(exited *pb.Exited) {
	a.mu.Lock()
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Exited{Exited: exited}})
	if err == nil {
		err = a.append(record)
	}
	if err != nil {
		a.store.log.Error("the end of a run can't be journalled", "run", a.RunID, "error", err)
		a.journal.AppendInMemory(record)
		a.countSpooled(int64(len(record.Body)))
	}
	a.end()
}

// Fail ends the attempt after a fault of the worker itself, in whatever state it is.
func (a *Attempt) Fail(message string) {
	switch state := a.State(); {
	case state < pb.RunState_RUN_STATE_STARTING:
		a.Reject(pb.RejectCode_REJECT_CODE_UNSPECIFIED, "%s", message)
	case state < pb.RunState_RUN_STATE_EXITED:
		a.exit(&pb.Exited{Message: message})
	}
}

// end marks the attempt as ended, unlocks it and wakes those that wait for it. The caller holds the lock: the last event may be
// acknowledged as soon as it is released, and the state has to be right by then.
func (a *Attempt) end() {
	a.state = pb.RunState_RUN_STATE_EXITED
	a.store.Budget.endRun(a.journal.SpooledBytes)
	a.mu.Unlock()
	close(a.gone)
	a.store.wake(a)
}

// countSpooled counts bytes that the attempt has written to disk, or deleted if negative. The caller holds the lock.
func (a *Attempt) countSpooled(bytes int64) {
	a.store.Budget.count(bytes, a.state >= pb.RunState_RUN_STATE_EXITED)
}

// append writes records; the caller holds the lock.
func (a *Attempt) append(records ...*journal.Record) error {
	before := a.journal.SpooledBytes
	err := a.journal.Append(records...)
	a.countSpooled(a.journal.SpooledBytes - before)
	return err
}

func (a *Attempt) eventRecord(event *pb.RunEvent) (*journal.Record, error) {
	body, err := proto.Marshal(event)
	return a.numbered(journal.NewRecord(journal.KindEvent, body)), err
}

// numbered gives a record the next event number, and the time.
func (a *Attempt) numbered(record *journal.Record) *journal.Record {
	record.EventNo = a.journal.NextEvent
	record.Wall = time.Now().UnixNano()
	record.Monotonic = int64(hostinfo.Monotonic())
	return record
}
