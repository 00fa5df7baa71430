package runs

import (
	"sync/atomic"
	"time"
)

const (
	// MinChunkBytes and MaxChunkBytes are between what a server may set as the most output of one event.
	MinChunkBytes = 4 << 10
	MaxChunkBytes = 240 << 10

	defaultChunkBytes = 64 << 10
	defaultFlush      = 100 * time.Millisecond
	maxFlush          = 5 * time.Second
)

// ServerSettings is what the server has set for its present session with the worker, and whether there is one. It may change from
// session to session, and is safe for concurrent use.
type ServerSettings struct {
	chunk       atomic.Int64
	flush       atomic.Int64
	orphanTTL   atomic.Int64
	isConnected atomic.Bool
}

// NewServerSettings has the defaults that hold before the first session.
func NewServerSettings() *ServerSettings {
	s := &ServerSettings{}
	s.SetBatching(0, nil)
	return s
}

// SetBatching sets how much output goes into one event, and how long less than that waits for more; 0 and nil mean the defaults.
func (s *ServerSettings) SetBatching(chunkBytes uint32, flush *time.Duration) {
	chunk := int64(chunkBytes)
	if chunk == 0 {
		chunk = defaultChunkBytes
	}
	wait := defaultFlush
	if flush != nil {
		wait = min(max(*flush, 0), maxFlush)
	}
	s.chunk.Store(min(max(chunk, MinChunkBytes), MaxChunkBytes))
	s.flush.Store(int64(wait))
}

// SetOrphanTTL sets how long commands may run while no server is connected; 0: for ever.
func (s *ServerSettings) SetOrphanTTL(limit time.Duration) { s.orphanTTL.Store(int64(limit)) }

// SetConnected says whether a session is established.
func (s *ServerSettings) SetConnected(isConnected bool) { s.isConnected.Store(isConnected) }

// IsConnected reports whether a session is established.
func (s *ServerSettings) IsConnected() bool { return s.isConnected.Load() }

func (s *ServerSettings) chunkBytes() int { return int(s.chunk.Load()) }

func (s *ServerSettings) flushAfter() time.Duration { return time.Duration(s.flush.Load()) }

func (s *ServerSettings) orphanLimit() time.Duration { return time.Duration(s.orphanTTL.Load()) }
