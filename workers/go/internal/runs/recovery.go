package runs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/journal"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

// found is what the journal of one attempt tells.
type found struct {
	attempt    *Attempt
	startingAt int64 // On the monotonic clock, in nanoseconds; 0 if it never was about to start.
	afterwards []byte
	last       pb.RunEvent
	hasEvents  bool
	err        error
}

// left is a command that an earlier worker process has started.
type left struct {
	command    *supervision.Command
	startingAt int64
	afterwards []byte
}

// Recover takes over the journals of an earlier worker process. Of the attempts in the result, those that haven't ended have commands
// that are to be taken up by Resume.
func Recover(shop *Workshop) ([]*Attempt, error) {
	journals, err := journal.FindJournals(shop.journalDir)
	if err != nil {
		return nil, err
	}
	var attempts []*Attempt
	for _, segments := range journals {
		one, err := readJournal(shop, segments)
		if err != nil {
			return nil, err
		}
		if one == nil {
			continue
		}
		if err := one.conclude(); err != nil {
			return nil, err
		}
		attempts = append(attempts, one.attempt)
	}
	return attempts, removeForgotten(shop, attempts)
}

// readJournal reads one journal; nil, and no trace of it, if the attempt it tells of can't have been started.
func readJournal(shop *Workshop, segments []journal.Segment) (*found, error) {
	one := &found{}
	j, err := journal.Load(shop.journalDir, segments, one.listen)
	if err != nil || j == nil {
		return nil, err
	}
	if one.err != nil {
		j.Close()
		return nil, one.err
	}
	if one.startingAt == 0 && !one.hasEvents {
		j.Remove()
		return nil, nil
	}
	one.attempt = newAttempt(shop, j)
	return one, nil
}

// listen notes what a record says.
func (f *found) listen(record *journal.Record) {
	switch record.Kind {
	case journal.KindStarting:
		f.startingAt, f.afterwards = record.Monotonic, record.Body
	case journal.KindEvent:
		f.last.Reset()
		if err := proto.Unmarshal(record.Body, &f.last); err != nil {
			f.err = fmt.Errorf("a journalled event: %w", err)
			return
		}
		f.hasEvents = true
	}
}

// isOfThisBoot: after a reboot process ids mean something else, and the disk may have lost what was written last.
func (f *found) isOfThisBoot() bool { return f.attempt.journal.Header.BootID == f.attempt.shop.BootID }

// conclude brings the attempt to its end, if it had none, or to where its command can be taken up.
func (f *found) conclude() error {
	a := f.attempt
	a.shop.Spool.change(a.journal.SpooledBytes, false)
	if f.last.GetExited() != nil || f.last.GetRejected() != nil {
		a.mu.Lock()
		a.end()
		return nil
	}
	_, err := os.Stat(a.directory())
	hasCommand := err == nil
	switch {
	case !f.isOfThisBoot():
		return f.concludeAfterReboot(hasCommand)
	case hasCommand:
		command, _, err := supervision.Attach(a.directory(), true, a.shop.IsHeard.Load)
		if err != nil {
			return fmt.Errorf("taking up a command: %w", err)
		}
		a.left = &left{command, f.startingAt, f.afterwards}
		a.freeWhatIsGone()
		a.state = pb.RunState_RUN_STATE_RUNNING
		if f.last.GetStopping() != nil {
			a.state = pb.RunState_RUN_STATE_STOPPING
		}
	default:
		a.exit(&pb.Exited{
			Reason: pb.ExitReason_EXIT_REASON_START_UNKNOWN, Message: "the worker was restarted while it was started",
		})
	}
	return nil
}

// freeWhatIsGone: segments of the spool are deleted only when the server has them, and with them all events before.
func (a *Attempt) freeWhatIsGone() {
	before := a.journal.SpooledBytes
	a.journal.FreeThrough(a.journal.LastDeleted(func(channel int, position uint64) bool {
		_, err := os.Stat(contract.SegmentPath(a.directory(), channel, int64(position)/a.journal.Header.SegmentBytes))
		return errors.Is(err, os.ErrNotExist)
	}))
	a.next = max(a.next, a.journal.FirstUnacked())
	a.account(a.journal.SpooledBytes - before)
}

// concludeAfterReboot: nothing runs any more, and what the disk has of the output may be less than the journal says.
func (f *found) concludeAfterReboot(hasCommand bool) error {
	a := f.attempt
	a.awaitsAck = true
	if hasCommand {
		a.freeWhatIsGone()
	}
	before := a.journal.SpooledBytes
	if err := a.journal.DropDamaged(); err != nil {
		return err
	}
	a.shop.Spool.change(a.journal.SpooledBytes-before, false)
	exited := &pb.Exited{
		Reason: pb.ExitReason_EXIT_REASON_START_UNKNOWN, Message: "the machine was restarted while it was started",
	}
	if hasCommand && supervision.ReadRoot(a.directory()) != nil {
		exited.Reason, exited.Message = pb.ExitReason_EXIT_REASON_INTERRUPTED, "the machine was restarted while it ran"
	}
	a.removeSecrets()
	exited.OutputTotals = a.totals()
	a.exit(exited)
	return nil
}

// Resume takes up a command that an earlier worker process has started; the attempt has ended when this returns.
func (a *Attempt) Resume() {
	defer a.survive()
	p := &plan{spec: &pb.RunSpec{}}
	if len(a.left.afterwards) > 0 {
		spec := &pb.RunSpec{}
		err := proto.Unmarshal(a.left.afterwards, spec)
		if err == nil {
			p, err = newPlan(spec, a.shop.WorkDir, a.shop.Features)
		}
		if err != nil {
			a.shop.Log.Error("what is left to do of a run can't be read", "run", a.RunID, "error", err)
		}
	}
	limit := p.longest
	if limit > 0 {
		limit = max(limit-(hostinfo.Monotonic()-time.Duration(a.left.startingAt)), shortestRest)
	}
	a.shop.Log.Info("taking up a run of an earlier worker process", "run", a.RunID)
	a.exit(a.operate(p, limit, func(ctx context.Context, p *plan) (*pb.Exited, error) {
		return a.upload(ctx, p, a.followed(a.left.command))
	}))
}

// removeForgotten removes the directories of commands that no journal tells of: their ends were delivered.
func removeForgotten(shop *Workshop, attempts []*Attempt) error {
	entries, err := os.ReadDir(shop.supervisedDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for commands: %w", err)
	}
	known := make(map[string]bool)
	for _, attempt := range attempts {
		known[attempt.directory()] = true
	}
	for _, entry := range entries {
		path := filepath.Join(shop.supervisedDir, entry.Name())
		if known[path] {
			continue
		}
		if claim, err := contract.ReadClaim(path); err == nil && claim != nil && claim.PID != 0 && claim.IsAlive() {
			shop.Log.Error("a command without a journal is ended", "directory", path)
			err = contract.Replace(path, contract.StopFile, contract.Order{
				Stop: &contract.Stop{Level: processes.Kill, Reason: contract.Abandoned},
			})
			if err == nil {
				continue // The directory goes at the next start.
			}
		}
		if err := durable.RemoveTree(path); err != nil {
			return fmt.Errorf("removing what a command has left: %w", err)
		}
	}
	return nil
}
