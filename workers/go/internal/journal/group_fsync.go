package journal

import (
	"os"
	"sync"

	"buildledger/workers/go/internal/files/durable"
)

// GroupFsync makes the journals of a directory durable, many at once: files that come while the disk is busy are synced together in
// the next round. It is safe for concurrent use.
type GroupFsync struct {
	directory string
	mu        sync.Mutex
	waiting   []request
	isRunning bool
}

type request struct {
	file *os.File
	done chan error
}

// NewGroupFsync is for the journals in directory.
func NewGroupFsync(directory string) *GroupFsync { return &GroupFsync{directory: directory} }

// Sync returns when file and its name in the directory are on disk.
func (g *GroupFsync) Sync(file *os.File) error {
	done := make(chan error, 1)
	g.mu.Lock()
	g.waiting = append(g.waiting, request{file, done})
	isLeader := !g.isRunning
	g.isRunning = true
	g.mu.Unlock()
	if isLeader {
		g.runRounds()
	}
	return <-done
}

// runRounds syncs what waits until nothing does. The caller's own file is in the first round; more rounds delay the caller a
// little, but happen only when many runs are started at once.
func (g *GroupFsync) runRounds() {
	for {
		g.mu.Lock()
		batch := g.waiting
		g.waiting = nil
		g.isRunning = len(batch) > 0
		g.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		failures := make([]error, len(batch))
		for i, each := range batch {
			failures[i] = each.file.Sync()
		}
		names := durable.SyncDirectory(g.directory)
		for i, each := range batch {
			if failures[i] == nil {
				failures[i] = names
			}
			each.done <- failures[i]
		}
	}
}
