package runs

import (
	"log/slog"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/journal/buffers"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

const stopRetryInterval = time.Second

// follower turns what a supervisor writes into its directory into events of an attempt.
type follower struct {
	attempt      *Attempt
	command      *supervision.Command
	server       *ServerSettings
	log          *slog.Logger
	events       *supervision.EventReader
	spool        *supervision.SpoolReader
	positions    []uint64    // How far each channel was read.
	waitingSince []time.Time // Since when a channel has output that doesn't fill a chunk; zero if it has none.
	storageError string      // Why nothing more can be journalled; empty while it can.
}

// follow journals what a command does until it ends, and says how it ended; no process of it is left then.
func (e *LocalExecutor) follow(a *Attempt, command *supervision.Command) *pb.Exited {
	header := a.journal.Header
	f := &follower{
		attempt:      a,
		command:      command,
		server:       e.server,
		log:          e.log,
		events:       supervision.NewEventReader(command.Directory, int64(a.journal.EventsRead)),
		spool:        supervision.NewSpoolReader(command.Directory, header.SegmentBytes),
		positions:    append([]uint64(nil), a.journal.Positions...),
		waitingSince: make([]time.Time, len(header.Channels)),
	}
	finished := make(chan struct{})
	defer func() {
		close(finished)
		f.command.Close()
		f.events.Close()
		f.spool.Close()
	}()
	go f.forwardStops(finished)
	f.readUntilEnd()
	if diagnostics := supervision.ReadDiagnostics(command.Directory); diagnostics != "" {
		e.log.Warn("the supervisor of a run reported a problem", "run", a.RunID, "diagnostics", diagnostics)
	}
	exit, err := contract.ReadExit(command.Directory)
	if err != nil || exit == nil {
		return e.interrupted(a, command.Directory, f.storageError)
	}
	return f.exited(exit)
}

// forwardStops sends the supervisor the attempt's stop request, whenever that changes.
func (f *follower) forwardStops(finished <-chan struct{}) {
	request := f.attempt.Stop
	var retry <-chan time.Time
	for {
		select {
		case <-finished:
			return
		case <-f.command.Ended():
			return
		case <-request.Changed():
		case <-retry:
		}
		level, grace := request.LevelAndGrace()
		order := contract.Stop{Level: level, Reason: request.Reason()}
		if grace != nil {
			order.Grace = new(contract.SecondsOf(*grace))
		}
		retry = nil
		if err := f.command.Stop(order); err != nil {
			f.log.Warn("a supervisor can't be told to end its command", "run", f.attempt.RunID, "error", err)
			retry = time.After(stopRetryInterval)
		}
	}
}

// readUntilEnd journals everything until the supervisor is gone.
func (f *follower) readUntilEnd() {
	flush := time.NewTimer(time.Hour)
	defer flush.Stop()
	for {
		hasEnded := false
		select {
		case <-f.command.Ended():
			hasEnded = true
		default:
		}
		f.poll(hasEnded)
		if hasEnded {
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

// poll journals what has been written since the last call; hasEnded says that nothing more will be.
func (f *follower) poll(hasEnded bool) {
	// The ends of the spool are noted before the events are read: a gap that is written later can't lie before them.
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
		f.recordEvent(line)
	}
	for channel, end := range ends {
		f.recordOutput(channel, end, hasEnded || f.isDue(channel))
	}
}

// recordEvent journals an event of the supervisor.
func (f *follower) recordEvent(line supervision.EventLine) {
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
		// The output before the gap is in the spool: it was written before the event.
		f.recordOutput(line.Gap.Channel, line.Gap.At, true)
		if f.storageError == "" {
			f.check(f.attempt.recordGap(line.Gap.Channel, line.Gap.Bytes, line.End))
		}
	}
	if event != nil && f.storageError == "" {
		f.check(f.attempt.record(event, line.End))
	}
}

// recordOutput journals the output of a channel up to a position in its spool: in whole chunks, unless the rest is due.
func (f *follower) recordOutput(channel int, end uint64, isRestDue bool) {
	chunk := uint64(f.server.chunkBytes())
	for f.positions[channel] < end && f.storageError == "" {
		size := min(end-f.positions[channel], chunk)
		if size < chunk && !isRestDue {
			if f.waitingSince[channel].IsZero() {
				f.waitingSince[channel] = time.Now()
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
		f.waitingSince[channel] = time.Time{}
	}
}

// isDue reports whether a channel's output has waited long enough for more.
func (f *follower) isDue(channel int) bool {
	since := f.waitingSince[channel]
	return !since.IsZero() && time.Since(since) >= f.server.flushAfter()
}

// untilFlush is how long the output that has waited longest may still wait.
func (f *follower) untilFlush() time.Duration {
	left := time.Hour
	for _, since := range f.waitingSince {
		if !since.IsZero() {
			left = min(left, max(f.server.flushAfter()-time.Since(since), 0))
		}
	}
	return left
}

func (f *follower) check(err error) {
	if err != nil {
		f.storageFailed(err)
	}
}

// storageFailed logs the first error for which nothing more can be journalled, and ends the run.
func (f *follower) storageFailed(err error) {
	if f.storageError == "" {
		f.storageError = "the worker can't keep the output: " + err.Error()
		f.log.Error("the worker can't keep the output", "run", f.attempt.RunID, "error", err)
		f.attempt.Stop.Make(contract.Storage, processes.Kill, nil)
	}
}
