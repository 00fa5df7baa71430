// Package runs does what the server asks for: it takes attempts from their specification to their last event.
package runs

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"buildledger/workers/go/internal/files/transfers"
	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/journal"
	"buildledger/workers/go/internal/processes"
)

const (
	defaultChunk = 64 << 10
	minChunk     = 4 << 10
	maxChunk     = 240 << 10
	defaultFlush = 100 * time.Millisecond
	maxFlush     = 5 * time.Second
)

var alwaysOffered = []string{"merge_stderr", "file_operations", "file_types", "secrets", "stdin", "watch_files", "gap", "blobs", "supervised"}

// Workshop is what all runs of a worker share: directories, the disk's group commit, process bookkeeping and sizes.
type Workshop struct {
	WorkDir  string
	BootID   string
	Features []string
	Spool    *Spool
	Batching Batching
	Blobs    *transfers.BlobStore
	Log      *slog.Logger
	// IsHeard tells whether a server listens.
	IsHeard atomic.Bool
	// Wake tells the sender that an attempt has something to send.
	Wake func(*Attempt)

	journalDir    string
	supervisedDir string
	onCrash       string
	orphanTTL     atomic.Int64
	syncer        *journal.GroupFsync
	household     *processes.Reaper
}

// Options are what a workshop is made of.
type Options struct {
	StateDir, WorkDir string
	SpoolBytes        int64
	Capacity          uint32
	Cgroup            string
	// OnCrash is what becomes of commands when this process is killed: contract.Continue or contract.KillIt.
	OnCrash string
	Blobs   *transfers.BlobStore
	Log     *slog.Logger
	Wake    func(*Attempt)
}

// NewWorkshop makes the directory of the journals, and makes this process the parent of orphans.
func NewWorkshop(options Options) (*Workshop, error) {
	journalDir := filepath.Join(options.StateDir, "runs")
	if err := os.MkdirAll(journalDir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the journals: %w", err)
	}
	bootID, err := hostinfo.BootID()
	if err != nil {
		return nil, err
	}
	household := processes.NewReaper(options.Cgroup)
	shop := &Workshop{
		WorkDir:    options.WorkDir,
		BootID:     bootID,
		Features:   append(household.Features(), alwaysOffered...),
		Spool:      NewSpool(options.SpoolBytes, options.Capacity),
		Blobs:      options.Blobs,
		Log:        options.Log,
		Wake:       options.Wake,
		journalDir: journalDir,
		// A directory for each command; made when the first is started.
		supervisedDir: filepath.Join(options.StateDir, "supervised"),
		onCrash:       options.OnCrash,
		syncer:        journal.NewGroupFsync(journalDir),
		household:     household,
	}
	shop.Batching.Set(0, nil)
	return shop, nil
}

// SetOrphanTTL takes over for how long the server lets commands go on without anybody; 0: for ever.
func (s *Workshop) SetOrphanTTL(limit time.Duration) { s.orphanTTL.Store(int64(limit)) }

// OrphanTTL is for how long commands may go on without anybody.
func (s *Workshop) OrphanTTL() time.Duration { return time.Duration(s.orphanTTL.Load()) }

// Batching is the sizes of output that the server sets; they may change from session to session.
type Batching struct {
	chunk atomic.Int64
	flush atomic.Int64
}

// Set takes over what the server wants; 0 and nil mean the usual.
func (b *Batching) Set(chunkBytes uint32, flush *time.Duration) {
	chunk := int64(chunkBytes)
	if chunk == 0 {
		chunk = defaultChunk
	}
	wait := defaultFlush
	if flush != nil {
		wait = min(max(*flush, 0), maxFlush)
	}
	b.chunk.Store(min(max(chunk, minChunk), maxChunk))
	b.flush.Store(int64(wait))
}

func (b *Batching) chunkBytes() int { return int(b.chunk.Load()) }

func (b *Batching) flushAfter() time.Duration { return time.Duration(b.flush.Load()) }
