package processes

import (
	"context"
	"sync"
)

// Reaper starts the processes of this program.
type Reaper struct {
	mu sync.Mutex // Held while a process is started: meanwhile any other would inherit the handles that are meant for it.
}

// NewReaper lets the processes that it starts receive Ctrl-C. The argument matters on Linux only.
func NewReaper(string) *Reaper {
	enableControlC()
	return &Reaper{}
}

// Features are the optional features of the protocol that this system offers.
func (r *Reaper) Features() []string { return []string{"tree_kill"} }

// Mechanism names what holds trees together, for people.
func (r *Reaper) Mechanism() string { return "job_object" }

// CgroupParent is empty: this system has none.
func (r *Reaper) CgroupParent() string { return "" }

// CgroupPath is empty: this system has no cgroups.
func (r *Reaper) CgroupPath(string) string { return "" }

// KillOrphans finds nothing: the system ends the processes of a job when the supervisor that holds it is gone, for whatever reason.
func (r *Reaper) KillOrphans(context.Context, []OrphanedRun) (map[string][]Survivor, error) {
	return map[string][]Survivor{}, nil
}
