package runs

import (
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/journal/buffers"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

const orderRetry = time.Second

// following turns what a supervisor leaves in its directory into events of an attempt.
type following struct {
	attempt   *Attempt
	command   *supervision.Command
	events    *supervision.EventReader
	spool     *supervision.SpoolReader
	positions []uint64    // How far each channel was read.
	waiting   []time.Time // Since when a channel has output that doesn't fill a chunk; zero if it has none.
	wrong     string      // Why nothing more can be kept.
}

// followed follows a command to its end; no process of it is left then.
func (a *Attempt) followed(command *supervision.Command) *pb.Exited {
	header := a.journal.Header
	f := &following{
		attempt:   a,
		command:   command,
		events:    supervision.NewEventReader(command.Directory, int64(a.journal.EventsRead)),
		spool:     supervision.NewSpoolReader(command.Directory, header.SegmentBytes),
		positions: append([]uint64(nil), a.journal.Positions...),
		waiting:   make([]time.Time, len(header.Channels)),
	}
	over := make(chan struct{})
	defer func() {
		close(over)
		f.command.Close()
		f.events.Close()
		f.spool.Close()
	}()
	go f.passOn(over)
	f.read()
	if sayings := supervision.ReadDiagnostics(command.Directory); sayings != "" {
		a.shop.Log.Warn("the supervisor of a run had something to say", "run", a.RunID, "said", sayings)
	}
	exit, err := contract.ReadExit(command.Directory)
	if err != nil || exit == nil {
		return f.interrupted()
	}
	return f.exited(exit)
}

// passOn lets the supervisor know when the end is asked for.
func (f *following) passOn(over <-chan struct{}) {
	request := f.attempt.Stop
	var again <-chan time.Time
	for {
		select {
		case <-over:
			return
		case <-f.command.Ended():
			return
		case <-request.Changed():
		case <-again:
		}
		level, grace := request.LevelAndGrace()
		order := contract.Stop{Level: level, Reason: request.Reason()}
		if grace != nil {
			order.Grace = new(contract.SecondsOf(*grace))
		}
		again = nil
		if err := f.command.Stop(order); err != nil {
			f.attempt.shop.Log.Warn("a supervisor can't be told to end its command", "run", f.attempt.RunID, "error", err)
			again = time.After(orderRetry)
		}
	}
}

// read journals everything until the supervisor is gone.
func (f *following) read() {
	flush := time.NewTimer(time.Hour)
	defer flush.Stop()
	for {
		isOver := false
		select {
		case <-f.command.Ended():
			isOver = true
		default:
		}
		f.look(isOver)
		if isOver {
			return
		}
		flush.Reset(f.untilFlush())
		select {
		case <-f.command.Ended():
		case <-f.command.Notified():
		case <-flush.C:
		}
	}
}

// look journals what has come; isOver says that nothing more will.
func (f *following) look(isOver bool) {
	// In this order: what the spool holds now, no event of later matters to.
	ends := make([]uint64, len(f.positions))
	for channel := range ends {
		end, err := f.spool.End(channel, f.positions[channel])
		if err != nil {
			f.storageFailed(err)
			return
		}
		ends[channel] = end
	}
	lines, err := f.events.Next()
	if err != nil {
		f.storageFailed(err)
		return
	}
	for _, line := range lines {
		f.tell(line)
	}
	for channel, end := range ends {
		f.take(channel, end, isOver || f.isDue(channel))
	}
}

// tell journals an event of the supervisor.
func (f *following) tell(line supervision.EventLine) {
	var event *pb.RunEvent
	switch {
	case line.Started != nil:
		started := &pb.Started{Pid: uint32(line.Started.PID), Mechanism: line.Started.Mechanism}
		event = &pb.RunEvent{Event: &pb.RunEvent_Started{Started: started}}
	case line.Stopping != nil:
		f.attempt.setState(pb.RunState_RUN_STATE_STOPPING)
		stopping := &pb.Stopping{Level: stopLevelOf(line.Stopping.Level), Reason: reasonOf(line.Stopping.Reason)}
		event = &pb.RunEvent{Event: &pb.RunEvent_Stopping{Stopping: stopping}}
	case line.Gap != nil && line.Gap.Channel < len(f.positions):
		// What stands before it is in the spool: it was written before.
		f.take(line.Gap.Channel, line.Gap.At, true)
		if f.wrong == "" {
			f.check(f.attempt.recordGap(line.Gap.Channel, line.Gap.Bytes, line.End))
		}
	}
	if event != nil && f.wrong == "" {
		f.check(f.attempt.record(event, line.End))
	}
}

// take journals the output of a channel up to a position in its spool, in whole chunks unless all is wanted.
func (f *following) take(channel int, end uint64, isAll bool) {
	chunk := uint64(f.attempt.shop.Batching.chunkBytes())
	for f.positions[channel] < end && f.wrong == "" {
		size := min(end-f.positions[channel], chunk)
		if size < chunk && !isAll {
			if f.waiting[channel].IsZero() {
				f.waiting[channel] = time.Now()
			}
			return
		}
		data := buffers.Get(int(size))
		err := f.spool.Read(channel, data, f.positions[channel])
		if err == nil {
			err = f.attempt.recordOutput(channel, f.positions[channel], data)
		}
		f.check(err)
		f.positions[channel] += size
		f.waiting[channel] = time.Time{}
	}
}

// isDue tells whether a channel's output has waited long enough for more.
func (f *following) isDue(channel int) bool {
	since := f.waiting[channel]
	return !since.IsZero() && time.Since(since) >= f.attempt.shop.Batching.flushAfter()
}

// untilFlush is how long the oldest output may wait.
func (f *following) untilFlush() time.Duration {
	longest := time.Hour
	for _, since := range f.waiting {
		if !since.IsZero() {
			longest = min(longest, max(f.attempt.shop.Batching.flushAfter()-time.Since(since), 0))
		}
	}
	return longest
}

func (f *following) check(err error) {
	if err != nil {
		f.storageFailed(err)
	}
}

// storageFailed: nothing more can be kept. That is said loudly, and the run is ended.
func (f *following) storageFailed(err error) {
	if f.wrong == "" {
		f.wrong = "the worker can't keep the output: " + err.Error()
		f.attempt.shop.Log.Error("the worker can't keep the output", "run", f.attempt.RunID, "error", err)
		f.attempt.Stop.Make(contract.Storage, processes.Kill, nil)
	}
}
