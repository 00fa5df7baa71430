package worker

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"buildledger/workers/go/internal/session"
	"buildledger/workers/go/internal/transport/backoff"
)

// runSessions connects again and again until ctx ends, with a delay after each session.
func (w *Worker) runSessions(ctx context.Context) {
	var wait backoff.Backoff
	address := w.settings.Server
	for ctx.Err() == nil {
		current := session.New(w.sessionOptions)
		w.mu.Lock()
		w.session = current
		w.mu.Unlock()
		err := w.runSession(ctx, current, address)
		if ctx.Err() != nil {
			return
		}
		if current.IsEstablished() {
			wait.Succeeded()
			w.startOrphanTimer(current.OrphanTTL)
		}
		delay := w.delayAfter(err, address, &wait)
		address = w.settings.Server
		if current.ReconnectTo != "" {
			address = current.ReconnectTo
		}
		backoff.Sleep(ctx, delay)
	}
}

// runSession connects and holds one session until it ends.
func (w *Worker) runSession(ctx context.Context, current *session.Session, address string) error {
	stored := w.credential.Current()
	if stored != nil {
		w.identity.WorkerID = stored.WorkerID
	}
	credentials := stored.Credentials()
	connection, err := w.settings.Security.Open(address, credentials)
	if err != nil {
		return err
	}
	defer connection.Close()
	proven, err := credentials.WithProof(ctx)
	if err != nil {
		return err
	}
	return w.settings.Security.ExplainError(current.Run(proven, connection), credentials)
}

// delayAfter logs why a session ended, and says how long to wait before the next.
func (w *Worker) delayAfter(err error, address string, wait *backoff.Backoff) time.Duration {
	var refused *session.RefusedError
	switch {
	case err == nil:
		return wait.Next()
	case errors.As(err, &refused):
		w.log.Error("the server refuses", "server", address, "reason", refused)
		delay := wait.Next()
		if refused.IsFatal {
			delay = wait.Slowest()
		}
		return max(delay, refused.RetryAfter)
	}
	switch status.Code(err) {
	// The server can be reached and won't have this worker: only a person can change that.
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		w.log.Error("the server won't have this worker", "server", address, "reason", err)
		return wait.Slowest()
	}
	if w.credential.HasExpired() {
		w.log.Error("the credential has expired: stop this worker and start it with a new enrollment token")
		return wait.Slowest()
	}
	w.log.Warn("the connection is gone", "server", address, "reason", err)
	return wait.Next()
}

// startOrphanTimer ends all runs when no server is connected for so long; 0: never.
func (w *Worker) startOrphanTimer(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if limit > 0 && w.orphanTimer == nil {
		w.orphanTimer = time.AfterFunc(limit, w.endOrphanedRuns)
	}
}
