package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/journal"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

// recoveredJournal is what the journal of one attempt says.
type recoveredJournal struct {
	attempt      *Attempt
	startingAt   int64 // On the monotonic clock, in nanoseconds; 0 if the attempt wasn't about to start.
	followUpSpec []byte
	lastEvent    pb.RunEvent
	hasEvents    bool
	err          error
}

// unfinishedCommand is a command that an earlier worker process has started, and of which no end is journalled.
type unfinishedCommand struct {
	command      *supervision.Command
	startingAt   int64  // As in recoveredJournal.
	followUpSpec []byte // What is left to do when it has ended; see plan.followUpSpec.
}

// Recover takes over the journals of an earlier worker process. Those of the attempts that haven't ended have commands, which
// Runner.Resume follows further. isConnected reports whether a server is connected to this worker.
func (s *AttemptStore) Recover(isConnected func() bool) ([]*Attempt, error) {
	journals, err := journal.FindJournals(s.journalDir)
	if err != nil {
		return nil, err
	}
	var attempts []*Attempt
	for _, segments := range journals {
		recovered, err := s.readJournal(segments)
		if err != nil {
			return nil, err
		}
		if recovered == nil {
			continue
		}
		if err := recovered.conclude(isConnected); err != nil {
			return nil, err
		}
		attempts = append(attempts, recovered.attempt)
	}
	return attempts, s.removeStrayDirectories(attempts)
}

// readJournal reads one journal. It is nil, and its files are gone, if the attempt can't have been started.
func (s *AttemptStore) readJournal(segments []journal.Segment) (*recoveredJournal, error) {
	recovered := &recoveredJournal{}
	j, err := journal.Load(s.journalDir, segments, recovered.onRecord)
	if err != nil || j == nil {
		return nil, err
	}
	if recovered.err != nil {
		j.Close()
		return nil, recovered.err
	}
	if recovered.startingAt == 0 && !recovered.hasEvents {
		j.Remove()
		return nil, nil
	}
	recovered.attempt = newAttempt(s, j)
	return recovered, nil
}

// onRecord is called with each record of the journal.
func (r *recoveredJournal) onRecord(record *journal.Record) {
	switch record.Kind {
	case journal.KindStarting:
		r.startingAt, r.followUpSpec = record.Monotonic, record.Body
	case journal.KindEvent:
		r.lastEvent.Reset()
		if err := proto.Unmarshal(record.Body, &r.lastEvent); err != nil {
			r.err = fmt.Errorf("a journalled event: %w", err)
			return
		}
		r.hasEvents = true
	}
}

// isOfThisBoot reports whether the machine hasn't been rebooted since: after a reboot process ids mean something else, and the disk
// may have lost what was written last.
func (r *recoveredJournal) isOfThisBoot() bool {
	return r.attempt.journal.Header.BootID == r.attempt.store.BootID
}

// conclude journals the attempt's end, if it has none, or attaches to its command.
func (r *recoveredJournal) conclude(isConnected func() bool) error {
	a := r.attempt
	a.store.Budget.count(a.journal.SpooledBytes, false)
	if r.lastEvent.GetExited() != nil || r.lastEvent.GetRejected() != nil {
		a.mu.Lock()
		a.end()
		return nil
	}
	_, err := os.Stat(a.directory())
	hasCommand := err == nil
	switch {
	case !r.isOfThisBoot():
		return r.concludeAfterReboot(hasCommand)
	case hasCommand:
		command, _, err := supervision.Attach(a.directory(), isConnected)
		if err != nil {
			return fmt.Errorf("taking up a command: %w", err)
		}
		a.unfinished = &unfinishedCommand{command, r.startingAt, r.followUpSpec}
		a.releaseDeleted()
		a.state = pb.RunState_RUN_STATE_RUNNING
		if r.lastEvent.GetStopping() != nil {
			a.state = pb.RunState_RUN_STATE_STOPPING
		}
	default:
		a.exit(&pb.Exited{
			Reason: pb.ExitReason_EXIT_REASON_START_UNKNOWN, Message: "the worker was restarted while it was started",
		})
	}
	return nil
}

// releaseDeleted drops the events up to the last one whose output isn't in the spool any more: segments are deleted only when the
// server has them, and all events before.
func (a *Attempt) releaseDeleted() {
	before := a.journal.SpooledBytes
	a.journal.ReleaseThrough(a.journal.LastDeleted(func(channel int, position uint64) bool {
		_, err := os.Stat(contract.SegmentPath(a.directory(), channel, int64(position)/a.journal.Header.SegmentBytes))
		return errors.Is(err, os.ErrNotExist)
	}))
	a.next = max(a.next, a.journal.FirstUnacked())
	a.countSpooled(a.journal.SpooledBytes - before)
}

// concludeAfterReboot journals the end: nothing runs any more, and the disk may have less of the output than the journal says.
func (r *recoveredJournal) concludeAfterReboot(hasCommand bool) error {
	a := r.attempt
	a.awaitsAck = true
	if hasCommand {
		a.releaseDeleted()
	}
	before := a.journal.SpooledBytes
	if err := a.journal.DropDamaged(); err != nil {
		return err
	}
	a.store.Budget.count(a.journal.SpooledBytes-before, false)
	exited := &pb.Exited{
		Reason: pb.ExitReason_EXIT_REASON_START_UNKNOWN, Message: "the machine was restarted while it was started",
	}
	if hasCommand && supervision.ReadRoot(a.directory()) != nil {
		exited.Reason, exited.Message = pb.ExitReason_EXIT_REASON_INTERRUPTED, "the machine was restarted while it ran"
	}
	a.removeSecretFiles()
	exited.OutputTotals = a.totals()
	a.exit(exited)
	return nil
}

// removeStrayDirectories removes the directories of commands without a journal: the server has released them.
func (s *AttemptStore) removeStrayDirectories(attempts []*Attempt) error {
	entries, err := os.ReadDir(s.supervisedDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for commands: %w", err)
	}
	isKnown := make(map[string]bool)
	for _, attempt := range attempts {
		isKnown[attempt.directory()] = true
	}
	for _, entry := range entries {
		path := filepath.Join(s.supervisedDir, entry.Name())
		if isKnown[path] {
			continue
		}
		if claim, err := contract.ReadClaim(path); err == nil && claim != nil && claim.PID != 0 && claim.IsAlive() {
			s.log.Error("a command without a journal is ended", "directory", path)
			err = contract.Replace(path, contract.StopFile, contract.Order{
				Stop: &contract.Stop{Level: processes.Kill, Reason: contract.Abandoned},
			})
			if err == nil {
				continue // The directory is removed at the next start.
			}
		}
		if err := durable.RemoveTree(path); err != nil {
			return fmt.Errorf("removing what a command has left: %w", err)
		}
	}
	return nil
}
