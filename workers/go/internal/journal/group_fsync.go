package journal

import (
	"os"
	"sync"

	"buildledger/workers/go/internal/files/durable"
)

// GroupFsync makes journals durable, many with one wait: those that ask while the disk is busy are synced together in the next round.
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

// NewGroupFsync serves the journals in directory.
func NewGroupFsync(directory string) *GroupFsync { return &GroupFsync{directory: directory} }

// Sync returns when file and its name in the directory are on the disk.
func (s *GroupFsync) Sync(file *os.File) error {
	done := make(chan error, 1)
	s.mu.Lock()
	s.waiting = append(s.waiting, request{file, done})
	lead := !s.isRunning
	s.isRunning = true
	s.mu.Unlock()
	if lead {
		s.runRounds()
	}
	return <-done
}

// runRounds serves requests until there are none. The caller's own is in the first round; later ones delay it a little, which
// happens only when many are started at once.
func (s *GroupFsync) runRounds() {
	for {
		s.mu.Lock()
		batch := s.waiting
		s.waiting = nil
		s.isRunning = len(batch) > 0
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		failures := make([]error, len(batch))
		for i, each := range batch {
			failures[i] = each.file.Sync()
		}
		names := durable.SyncDirectory(s.directory)
		for i, each := range batch {
			if failures[i] == nil {
				failures[i] = names
			}
			each.done <- failures[i]
		}
	}
}
