package onerun

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protodelim"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

// maxWantBytes is what a receiver of the protocol accepts at most.
const maxWantBytes = 1 << 20

// wantReader reads what the server wants of one run.
type wantReader struct {
	in  *bufio.Reader
	key runs.Key // Of the first; zero before.
}

func newWantReader(in io.Reader) *wantReader { return &wantReader{in: bufio.NewReader(in)} }

// next is what is wanted next. The error is io.EOF at the end, ErrInput for what is none or speaks of another run.
func (r *wantReader) next() (*pb.DesiredRun, error) {
	wanted := &pb.DesiredRun{}
	err := protodelim.UnmarshalOptions{MaxSize: maxWantBytes}.UnmarshalFrom(r.in, wanted)
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("%w: it ends within a message", ErrInput)
	case err != nil:
		return nil, fmt.Errorf("%w: no DesiredRun with its length before it: %w", ErrInput, err)
	}
	key := runs.Key{RunID: wanted.GetRunId(), Attempt: wanted.GetAttempt()}
	if r.key == (runs.Key{}) {
		r.key = key
	}
	if key != r.key {
		return nil, fmt.Errorf("%w: it speaks of run %q, attempt %d; this is run %q, attempt %d",
			ErrInput, key.RunID, key.Attempt, r.key.RunID, r.key.Attempt)
	}
	return wanted, nil
}

// begin begins what is asked for first.
func (c *carrier) begin(wants *wantReader) error {
	first, err := wants.next()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: it ends before anything is asked for", ErrInput)
	}
	if err != nil {
		return err
	}
	c.apply(first, 1)
	if len(c.registry.All()) == 0 {
		return fmt.Errorf("%w: run %q, attempt %d with %s is nothing to begin with",
			ErrInput, first.GetRunId(), first.GetAttempt(), first.GetWant())
	}
	return nil
}

// readFurther does what is wanted further. The end of it is the end of the worker.
func (c *carrier) readFurther(wants *wantReader) {
	for revision := uint64(2); ; revision++ {
		wanted, err := wants.next()
		if errors.Is(err, io.EOF) {
			c.registry.StopAll(contract.WorkerShutdown, processes.Interrupt)
			return
		}
		if err != nil {
			c.giveUp(err)
			return
		}
		c.apply(wanted, revision)
	}
}

func (c *carrier) apply(wanted *pb.DesiredRun, revision uint64) {
	if wanted.GetWant() == pb.Want_WANT_RELEASE {
		return // The run is forgotten as soon as its last event is written.
	}
	c.registry.Apply(&pb.Desired{Epoch: 1, Revision: revision, Runs: []*pb.DesiredRun{wanted}})
}
