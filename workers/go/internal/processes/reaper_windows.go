package processes

import (
	"context"
	"sync"
)

// Household is what the trees of one worker share.
type Household struct {
	mu sync.Mutex // Held while a process is started: until then the handles meant for it can be inherited.
}

// NewHousehold makes sure that trees hear Ctrl-C; each of them is held by a job object of its own.
func NewHousehold(string) *Household {
	heedControlC()
	return &Household{}
}

// Features are the optional features of the protocol that this system offers.
func (h *Household) Features() []string { return []string{"tree_kill"} }

// Mechanism is what holds trees together, for people.
func (h *Household) Mechanism() string { return "job_object" }

// Cgroup is empty: this system has none.
func (h *Household) Cgroup() string { return "" }

// Leaf is empty: this system has no cgroups.
func (h *Household) Leaf(string) string { return "" }

// KillLeftovers finds nothing: the system ends the processes of a job when the worker that holds it is gone, however it went.
func (h *Household) KillLeftovers(context.Context, []Leftover) (map[string][]Survivor, error) {
	return map[string][]Survivor{}, nil
}
