package processes

import (
	"maps"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// cgroupPrefix begins the names of the cgroups of runs.
const cgroupPrefix = "run-"

// Reaper is what the trees of one worker share: which children are known, so that strangers can be told apart.
//
// The program that has one must start no processes but through it: a child that it doesn't know is an escaped process of a run. It
// has either trees of its own, as a supervisor, or detached supervisors, as a worker.
type Reaper struct {
	cgroupParent string
	isSubreaper  bool

	mu       sync.Mutex // Held from before a process is started until its tree is known.
	trees    map[*tree]bool
	detached map[int]bool // Programs that go on without this one, by their ids.
}

// NoCgroup as a cgroup's path says that there is none.
const NoCgroup = "none"

// NewReaper makes this process the foster parent of its orphaned descendants, where the system can.
//
// cgroupParent is a delegated cgroup v2 directory; if empty, the worker's own is taken if it was delegated.
func NewReaper(cgroupParent string) *Reaper {
	switch cgroupParent {
	case "":
		cgroupParent = delegatedCgroup()
	case NoCgroup:
		cgroupParent = ""
	}
	err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	return &Reaper{
		cgroupParent: cgroupParent, isSubreaper: err == nil, trees: make(map[*tree]bool), detached: make(map[int]bool),
	}
}

// Features are the optional features of the protocol that this system offers.
func (h *Reaper) Features() []string {
	features := []string{"pty", "tree_kill"}
	if h.isSubreaper {
		features = append(features, "subreaper")
	}
	if h.cgroupParent != "" {
		features = append(features, "cgroup")
	}
	return features
}

// CgroupParent is what NewHousehold can be told, so that it needn't look again.
func (h *Reaper) CgroupParent() string {
	if h.cgroupParent == "" {
		return NoCgroup
	}
	return h.cgroupParent
}

// Mechanism is what holds trees together, for people.
func (h *Reaper) Mechanism() string {
	switch {
	case h.cgroupParent != "":
		return "cgroup_v2"
	case h.isSubreaper:
		return "subreaper"
	}
	return "process_group"
}

// orphansFor are the living children that aren't roots of trees: adopted orphans. isOnly tells whether t is the only tree there is, so
// that they can only be its own.
func (h *Reaper) orphansFor(t *tree) (pids []int, isOnlyTree bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.orphans(), len(h.trees) == 1 && h.trees[t]
}

// orphans are the living children that this process didn't start. The caller holds the lock.
func (h *Reaper) orphans() (pids []int) {
	known := maps.Clone(h.detached)
	for each := range h.trees {
		known[each.root] = true
	}
	for _, pid := range ownChildren() {
		if !known[pid] && !tryReap(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// CgroupPath is where the cgroup of a run will be; empty without one.
func (h *Reaper) CgroupPath(cookie string) string {
	if h.cgroupParent == "" {
		return ""
	}
	return filepath.Join(h.cgroupParent, cgroupPrefix+cookie)
}

func (h *Reaper) removeTree(t *tree) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.trees, t)
}

// reapZombies lets dead adopted orphans go.
func (h *Reaper) reapZombies(infos []*processInfo) {
	for _, info := range infos {
		if info.isZombie() && info.parent == os.Getpid() {
			tryReap(info.pid)
		}
	}
}

// hasChildren tells whether this process has any children, dead ones included.
func hasChildren() bool {
	return unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) != unix.ECHILD
}

// tryReap tells whether a child has ended; then nothing is left of it.
func tryReap(pid int) bool {
	for {
		ended, err := unix.Wait4(pid, nil, unix.WNOHANG, nil)
		if err != unix.EINTR {
			return ended == pid || err == unix.ECHILD
		}
	}
}

// RunHelper: this system needs no helper programs.
func RunHelper([]string) (code int, isHelper bool) { return 0, false }
