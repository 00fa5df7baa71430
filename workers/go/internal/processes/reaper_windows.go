package processes

import (
	"context"
	"sync"
)

// Reaper is what the trees of one worker share.
type Reaper struct {
	mu sync.Mutex // Held while a process is started: until then the handles meant for it can be inherited.
}

// NewReaper makes sure that trees hear Ctrl-C; each of them is held by a job object of its own.
func NewReaper(string) *Reaper {
	enableControlC()
	return &Reaper{}
}

// Features are the optional features of the protocol that this system offers.
func (h *Reaper) Features() []string { return []string{"tree_kill"} }

// Mechanism is what holds trees together, for people.
func (h *Reaper) Mechanism() string { return "job_object" }

// CgroupParent is empty: this system has none.
func (h *Reaper) CgroupParent() string { return "" }

// CgroupPath is empty: this system has no cgroups.
func (h *Reaper) CgroupPath(string) string { return "" }

// KillOrphans finds nothing: the system ends the processes of a job when the worker that holds it is gone, however it went.
func (h *Reaper) KillOrphans(context.Context, []OrphanedRun) (map[string][]Survivor, error) {
	return map[string][]Survivor{}, nil
}
