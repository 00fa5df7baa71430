package processes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// cgroup is the cgroup (version 2) of one run, below a directory that was delegated to the worker. It alone always finds a process
// that has left its session, cleared its environment and lost its parents.
type cgroup struct{ path string }

// newCgroup makes a cgroup, or takes the one that is there.
func newCgroup(path string) (*cgroup, error) {
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making a cgroup: %w", err)
	}
	return &cgroup{path}, nil
}

// members are the ids of the processes in the cgroup; none if it is gone.
func (c *cgroup) members() []int {
	if c == nil {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(c.path, "cgroup.procs"))
	if err != nil {
		return nil
	}
	var members []int
	for field := range strings.FieldsSeq(string(content)) {
		if pid, err := strconv.Atoi(field); err == nil {
			members = append(members, pid)
		}
	}
	return members
}

// kill kills all members at once, with Linux 5.14 and later; before that it does nothing, and they are killed one by one.
func (c *cgroup) kill() {
	if c != nil {
		_ = os.WriteFile(filepath.Join(c.path, "cgroup.kill"), []byte("1"), 0)
	}
}

// remove removes the cgroup, which has to be empty.
func (c *cgroup) remove() {
	if c != nil {
		_ = os.Remove(c.path)
	}
}

// delegatedCgroup is the path of this process's cgroup, if the service manager has delegated it; otherwise empty.
func delegatedCgroup() string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	membership, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	own, found := "", false
	for line := range strings.Lines(string(membership)) {
		if path, isUnified := strings.CutPrefix(strings.TrimSpace(line), "0::"); isUnified {
			own, found = path, true
		}
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if found && len(fields) > 4 && strings.Contains(line, " - cgroup2 ") {
			path := filepath.Join(fields[4], own)
			value := make([]byte, 8)
			if n, err := unix.Getxattr(path, "user.delegate", value); err == nil && string(value[:n]) == "1" {
				return path
			}
			return ""
		}
	}
	return ""
}
