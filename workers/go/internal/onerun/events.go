package onerun

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protodelim"

	pb "buildledger/workers/go/internal/workerv1"
)

// deliver writes events until the last one. What is written counts as acknowledged, so that a slow reader makes the command wait. If
// nobody reads any more the run is ended, and what is left of its events is dropped.
func (c *carrier) deliver(out io.Writer) error {
	buffered, isRead := bufio.NewWriter(out), true
	for {
		message, err := c.outbox.Next(context.Background())
		if err != nil {
			return err
		}
		for _, event := range message.GetEvents().GetEvents() {
			isLast := event.GetExited() != nil || event.GetRejected() != nil
			if isRead {
				if err := write(buffered, event); err != nil {
					isRead = false
					c.giveUp(fmt.Errorf("%w: nobody takes the events: %w", ErrOutput, err))
				}
			}
			c.registry.Acknowledge(&pb.Ack{
				RunId: event.GetRunId(), Attempt: event.GetAttempt(), ThroughEvent: event.GetEventNo(), Release: isLast,
			})
			if isLast {
				return nil
			}
		}
	}
}

func write(out *bufio.Writer, event *pb.RunEvent) error {
	if _, err := protodelim.MarshalTo(out, event); err != nil {
		return err
	}
	return out.Flush()
}
