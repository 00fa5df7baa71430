package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"buildledger/workers/go/internal/session"
	"buildledger/workers/go/internal/transport/backoff"
	"buildledger/workers/go/internal/transport/credential"
)

const (
	shortestRotationRetry = 250 * time.Millisecond
	longestRotationRetry  = time.Minute
	longestSleep          = time.Hour
)

// keepSession connects again and again until ctx ends; every failure ends in a delay.
func (w *Worker) keepSession(ctx context.Context) {
	var wait backoff.Backoff
	address := w.settings.Server
	for ctx.Err() == nil {
		current := session.New(w.shop, w.holdings, w.outbox, w.standing)
		current.OnEstablished = w.established
		w.mu.Lock()
		w.session = current
		w.mu.Unlock()
		err := w.attend(ctx, current, address)
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
		sleep(ctx, delay)
	}
}

// attend holds one session to its end.
func (w *Worker) attend(ctx context.Context, current *session.Session, address string) error {
	identity := w.currentCredential().Credentials()
	connection, err := w.settings.Security.Open(address, identity)
	if err != nil {
		return err
	}
	defer connection.Close()
	proven, err := identity.WithProof(ctx)
	if err != nil {
		return err
	}
	return w.settings.Security.ExplainError(current.Run(proven, connection), identity)
}

// delayAfter tells people why a session ended, and says for how long to wait before the next.
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
	if w.currentCredential().HasExpired(time.Now()) {
		w.log.Error("the credential has expired: stop this worker and start it with a new enrollment token")
		return wait.Slowest()
	}
	w.log.Warn("the connection is gone", "server", address, "reason", err)
	return wait.Next()
}

func (w *Worker) startOrphanTimer(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if limit > 0 && w.orphanTimer == nil {
		w.orphanTimer = time.AfterFunc(limit, w.orphaned)
	}
}

// ensureCredential uses up the token, if there is no credential that is still good and there is a token.
func (w *Worker) ensureCredential(ctx context.Context) error {
	var wait backoff.Backoff
	for w.settings.Token != "" && (w.currentCredential() == nil || w.currentCredential().HasExpired(time.Now())) {
		stored, err := w.server.Enroll(ctx, w.settings.Name, w.settings.Token, w.settings.Software)
		switch {
		case err == nil:
			w.log.Info("enrolled", "name", w.settings.Name)
			w.useCredential(stored)
		case errors.Is(err, credential.ErrRefused) || ctx.Err() != nil:
			return err
		default:
			w.log.Warn("not enrolled yet", "reason", err)
			sleep(ctx, wait.Next())
		}
	}
	w.useCredential(w.currentCredential())
	return nil
}

// keepCredential renews the credential whenever it is time and the server can; sessions that are open go on with the old one.
func (w *Worker) keepCredential(ctx context.Context) {
	for current := w.currentCredential(); current != nil && current.RenewAt != nil; current = w.currentCredential() {
		early := time.Until(*current.RenewAt)
		switch {
		case early > 0:
			// In pieces, because the clock may be put right meanwhile.
			sleep(ctx, min(early, longestSleep))
		case !w.offersRotation():
			select {
			case <-ctx.Done():
			case <-w.welcomed:
			}
		default:
			w.rotate(ctx, current)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func (w *Worker) rotate(ctx context.Context, current *credential.Stored) {
	renewed, err := w.server.Rotate(ctx, current, w.settings.Name)
	if err != nil {
		w.log.Warn("the credential can't be renewed yet", "reason", err)
		sleep(ctx, rotationRetry(current, time.Now()))
		return
	}
	w.useCredential(renewed)
}

// rotationRetry is so short that several tries fit into the time that is left, however short the life of credentials is.
func rotationRetry(current *credential.Stored, now time.Time) time.Duration {
	left := longestRotationRetry
	if current.NotAfter != nil {
		left = current.NotAfter.Sub(now) / 8
	}
	return min(max(left, shortestRotationRetry), longestRotationRetry)
}

func (w *Worker) offersRotation() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.offered, "rotate")
}

func (w *Worker) currentCredential() *credential.Stored {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.credential
}

func (w *Worker) useCredential(stored *credential.Stored) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.credential = stored
	w.blobs.SetCredentials(stored.Credentials())
	if stored != nil {
		w.standing.WorkerID = stored.WorkerID
	}
}

func sleep(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
