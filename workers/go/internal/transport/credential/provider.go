package credential

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"buildledger/workers/go/internal/transport"
	"buildledger/workers/go/internal/transport/backoff"
)

const (
	minRenewalRetry = 250 * time.Millisecond
	maxRenewalRetry = time.Minute
	maxSleep        = time.Hour
	// rotateFeature is what a server offers that can renew credentials.
	rotateFeature = "rotate"
)

// Provider has the worker's current credential: it enrolls the worker, and renews the credential in time. It is safe for concurrent
// use.
type Provider struct {
	enroller Enroller
	token    string
	log      *slog.Logger
	// sessionStarted holds a token when a session was established that KeepRenewed hasn't seen.
	sessionStarted chan struct{}

	mu        sync.Mutex
	current   *Stored
	canRotate bool
}

// NewProvider starts with a stored credential, or nil. token enrolls the worker if it isn't enrolled; it may be empty.
func NewProvider(enroller Enroller, stored *Stored, token string, log *slog.Logger) *Provider {
	return &Provider{enroller: enroller, token: token, log: log, sessionStarted: make(chan struct{}, 1), current: stored}
}

// Current is the credential to use; nil if there is none.
func (p *Provider) Current() *Stored {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

// Credentials are what a connection needs of the current credential.
func (p *Provider) Credentials() transport.Credentials { return p.Current().Credentials() }

// HasExpired reports whether the current credential has expired.
func (p *Provider) HasExpired() bool { return p.Current().HasExpired(time.Now()) }

// SessionStarted notes whether the server of a new session can renew credentials.
func (p *Provider) SessionStarted(serverFeatures []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.canRotate = slices.Contains(serverFeatures, rotateFeature)
	select {
	case p.sessionStarted <- struct{}{}:
	default:
	}
}

// EnsureEnrolled uses up the token, if there is one and no credential that hasn't expired. It tries until it succeeds; the error is
// ErrRefused, or ctx has ended.
func (p *Provider) EnsureEnrolled(ctx context.Context) error {
	var wait backoff.Backoff
	for p.token != "" && (p.Current() == nil || p.HasExpired()) {
		stored, err := p.enroller.Enroll(ctx, p.token)
		switch {
		case err == nil:
			p.log.Info("enrolled", "name", p.enroller.Name)
			p.replace(stored)
		case errors.Is(err, ErrRefused) || ctx.Err() != nil:
			return err
		default:
			p.log.Warn("not enrolled yet", "reason", err)
			backoff.Sleep(ctx, wait.Next())
		}
	}
	return nil
}

// KeepRenewed renews the credential whenever it is due and the server can, until ctx ends. Sessions that are open go on with the
// old one.
func (p *Provider) KeepRenewed(ctx context.Context) {
	for current := p.Current(); current != nil && current.RenewAt != nil; current = p.Current() {
		early := time.Until(*current.RenewAt)
		switch {
		case early > 0:
			// In pieces, because the clock may be set meanwhile.
			backoff.Sleep(ctx, min(early, maxSleep))
		case !p.serverCanRotate():
			select {
			case <-ctx.Done():
			case <-p.sessionStarted:
			}
		default:
			p.renew(ctx, current)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

func (p *Provider) renew(ctx context.Context, current *Stored) {
	renewed, err := p.enroller.Rotate(ctx, current)
	if err != nil {
		p.log.Warn("the credential can't be renewed yet", "reason", err)
		backoff.Sleep(ctx, renewalRetry(current, time.Now()))
		return
	}
	p.replace(renewed)
}

func (p *Provider) replace(stored *Stored) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = stored
}

func (p *Provider) serverCanRotate() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.canRotate
}

// renewalRetry is when to try again: several tries fit into the time that is left, however short credentials live.
func renewalRetry(current *Stored, now time.Time) time.Duration {
	delay := maxRenewalRetry
	if current.NotAfter != nil {
		delay = current.NotAfter.Sub(now) / 8
	}
	return min(max(delay, minRenewalRetry), maxRenewalRetry)
}
