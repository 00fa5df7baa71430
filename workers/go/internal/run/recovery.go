package run

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/journal"
	"buildledger/workers/go/internal/process"
	pb "buildledger/workers/go/internal/workerv1"
)

// found is what the journal of one attempt tells.
type found struct {
	attempt     *Attempt
	process     *process.Identity
	wasStarting bool
	hasEvents   bool
	hasEnded    bool
	err         error
}

// Recover takes over the journals of an earlier worker process; every attempt in the result has ended.
//
// Whatever the attempts left running is killed before any of them is said to have ended.
func Recover(ctx context.Context, shop *Workshop) ([]*Attempt, error) {
	journals, err := journal.Segments(shop.journalDir)
	if err != nil {
		return nil, err
	}
	var all []*found
	var leftovers []process.Leftover
	for _, segments := range journals {
		one, err := readJournal(shop, segments)
		if err != nil {
			return nil, err
		}
		if one == nil {
			continue
		}
		all = append(all, one)
		if !one.hasEnded {
			leftover := process.Leftover{Cookie: one.attempt.cookie}
			if one.isOfThisBoot() {
				leftover.Process = one.process
			}
			leftovers = append(leftovers, leftover)
		}
	}
	survivors, err := process.KillLeftovers(ctx, leftovers)
	if err != nil {
		return nil, fmt.Errorf("ending what an earlier worker process left: %w", err)
	}
	var attempts []*Attempt
	for _, one := range all {
		one.conclude(survivors[one.attempt.cookie])
		attempts = append(attempts, one.attempt)
	}
	return attempts, nil
}

// readJournal reads one journal; nil, and no trace of it, if the attempt it tells of can't have been started.
func readJournal(shop *Workshop, segments []journal.Segment) (*found, error) {
	one := &found{}
	j, err := journal.Adopt(shop.journalDir, segments, one.listen)
	if err != nil || j == nil {
		return nil, err
	}
	if one.err != nil {
		j.Close()
		return nil, one.err
	}
	if !one.wasStarting && !one.hasEvents {
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
		f.wasStarting = true
	case journal.KindProcess:
		identity, err := journal.DecodeProcess(record)
		if err != nil {
			f.err = err
			return
		}
		f.process = &identity
	case journal.KindEvent:
		var event pb.RunEvent
		if err := proto.Unmarshal(record.Body, &event); err != nil {
			f.err = fmt.Errorf("a journalled event: %w", err)
			return
		}
		f.hasEvents = true
		f.hasEnded = event.GetExited() != nil || event.GetRejected() != nil
	}
}

// isOfThisBoot: after a reboot process ids mean something else, and the journal may have lost its tail.
func (f *found) isOfThisBoot() bool { return f.attempt.journal.Header.BootID == f.attempt.shop.BootID }

// conclude brings the attempt to its end, if it had none.
func (f *found) conclude(survivors []process.Survivor) {
	a := f.attempt
	a.shop.Spool.change(a.journal.SpooledBytes)
	if f.hasEnded {
		a.mu.Lock()
		a.end()
		return
	}
	a.awaitsAck = !f.isOfThisBoot()
	a.shop.Log.Warn("a run was interrupted by the end of an earlier worker process", "run", a.RunID)
	if err := os.RemoveAll(secretDirectory(a.shop.stateDir, a.cookie)); err != nil {
		a.shop.Log.Error("secrets can't be removed", "run", a.RunID, "error", err)
	}
	exited := &pb.Exited{
		Reason:          pb.ExitReason_EXIT_REASON_INTERRUPTED,
		Message:         "the worker was restarted while it ran",
		SurvivorsKilled: survivorsOf(survivors),
		OutputTotals:    a.totals(),
	}
	if f.process == nil {
		exited.Reason = pb.ExitReason_EXIT_REASON_START_UNKNOWN
		exited.Message = "the worker was restarted while it was started"
	}
	a.exit(exited)
}
