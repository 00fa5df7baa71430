package session

import (
	"errors"
	"fmt"
	"io"
	"time"

	pb "buildledger/workers/go/internal/workerv1"
)

// RefusedError says that the server ended the session with a reason.
type RefusedError struct {
	Code       pb.ErrorCode
	IsFatal    bool
	RetryAfter time.Duration
	Message    string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// ErrSilent is returned when the server has sent nothing for too long, or doesn't take what is sent.
var ErrSilent = errors.New("the server is silent")

// errGoodbye ends a session on purpose.
var errGoodbye = errors.New("goodbye")

func refusedBy(err *pb.Error) error {
	return &RefusedError{
		Code: err.GetCode(), IsFatal: err.GetFatal(), RetryAfter: err.GetRetryAfter().AsDuration(), Message: err.GetMessage(),
	}
}

// streamError is the error of a stream that has ended although neither side said that it would.
func streamError(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the server ended the stream without a reason")
	}
	return err
}
