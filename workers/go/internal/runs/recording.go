package runs

import (
	"time"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/journal"
	pb "buildledger/workers/go/internal/workerv1"
)

// record journals an event, then has it sent. One that an event of the supervisor tells has the place where that ends in read.
func (a *Attempt) record(event *pb.RunEvent, read int64) error {
	a.mu.Lock()
	record, err := a.eventRecord(event)
	if err == nil {
		record.EventsRead = uint64(read)
		err = a.append(record)
	}
	a.mu.Unlock()
	if err == nil {
		a.shop.Wake(a)
	}
	return err
}

// recordOutput journals output that lies in the spool, then has it sent.
func (a *Attempt) recordOutput(channel int, position uint64, data []byte) error {
	record := journal.NewOutputRecord(channel, position, data)
	a.mu.Lock()
	record.Offset = a.journal.Offsets[channel]
	err := a.append(a.stamped(record))
	a.mu.Unlock()
	a.shop.Wake(a)
	return err
}

// recordGap journals that bytes of output are left out, as an event of the supervisor says that ends at read.
func (a *Attempt) recordGap(channel int, bytes uint64, read int64) error {
	a.mu.Lock()
	offset := a.journal.Offsets[channel]
	record := journal.NewGapRecord(channel, offset+bytes)
	record.Offset, record.EventsRead = offset, uint64(read)
	err := a.append(a.stamped(record))
	a.mu.Unlock()
	a.shop.Wake(a)
	return err
}

// exit journals its last event. On a full disk it is kept in memory, so that it still reaches the server.
func (a *Attempt) exit(exited *pb.Exited) {
	a.mu.Lock()
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Exited{Exited: exited}})
	if err == nil {
		err = a.append(record)
	}
	if err != nil {
		a.shop.Log.Error("the end of a run can't be journalled", "run", a.RunID, "error", err)
		a.journal.AppendInMemory(record)
		a.account(int64(len(record.Body)))
	}
	a.end()
}

// Fail ends it after a fault of the worker itself, wherever it stood.
func (a *Attempt) Fail(message string) {
	switch state := a.State(); {
	case state < pb.RunState_RUN_STATE_STARTING:
		a.Reject(pb.RejectCode_REJECT_CODE_UNSPECIFIED, "%s", message)
	case state < pb.RunState_RUN_STATE_EXITED:
		a.exit(&pb.Exited{Message: message})
	}
}

// end gives up the lock. The last event may be acknowledged from then on, so that the state has to be right before.
func (a *Attempt) end() {
	a.state = pb.RunState_RUN_STATE_EXITED
	a.shop.Spool.end(a.journal.SpooledBytes)
	a.mu.Unlock()
	close(a.gone)
	a.shop.Wake(a)
}

// account counts what the attempt keeps on the disk; the caller holds the lock.
func (a *Attempt) account(by int64) { a.shop.Spool.change(by, a.state >= pb.RunState_RUN_STATE_EXITED) }

// append writes records; the caller holds the lock.
func (a *Attempt) append(records ...*journal.Record) error {
	before := a.journal.SpooledBytes
	err := a.journal.Append(records...)
	a.account(a.journal.SpooledBytes - before)
	return err
}

func (a *Attempt) eventRecord(event *pb.RunEvent) (*journal.Record, error) {
	body, err := proto.Marshal(event)
	return a.stamped(journal.NewRecord(journal.KindEvent, body)), err
}

// stamped gives a record its number and time.
func (a *Attempt) stamped(record *journal.Record) *journal.Record {
	record.EventNo = a.journal.NextEvent
	record.Wall = time.Now().UnixNano()
	record.Monotonic = int64(hostinfo.Monotonic())
	return record
}
