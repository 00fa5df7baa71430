package processes

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// processInfo is what /proc said about a process.
type processInfo struct {
	pid, parent, group, session int
	name                        string
	state                       byte
	// started is in clock ticks since boot. A process with the same id and start is the same process.
	started uint64
}

// isZombie reports whether the process has ended, and its parent hasn't waited for it yet.
func (p *processInfo) isZombie() bool { return p.state == 'Z' || p.state == 'X' }

// readStat reads /proc/PID/stat; nil if there is no such process.
func readStat(pid int) *processInfo {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	// The name stands in parentheses and may hold anything, also parentheses.
	begin, end := bytes.IndexByte(content, '('), bytes.LastIndexByte(content, ')')
	if begin < 0 || end < begin {
		return nil
	}
	fields := strings.Fields(string(content[end+1:]))
	if len(fields) < 20 {
		return nil
	}
	name := strings.ToValidUTF8(string(content[begin+1:end]), "�")
	info := &processInfo{pid: pid, name: name[:min(len(name), maxNameBytes)], state: fields[0][0]}
	for i, target := range []*int{&info.parent, &info.group, &info.session} {
		*target, _ = strconv.Atoi(fields[1+i])
	}
	info.started, _ = strconv.ParseUint(fields[19], 10, 64)
	return info
}

// readAllStats reads the stats of all processes, by id.
func readAllStats() map[int]*processInfo {
	found := make(map[int]*processInfo)
	for _, pid := range numericNames("/proc") {
		if info := readStat(pid); info != nil {
			found[pid] = info
		}
	}
	return found
}

// cookiesOf are the cookies in the environment that a process was started with.
func cookiesOf(pid int) []string {
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return nil
	}
	for variable := range bytes.SplitSeq(environment, []byte{0}) {
		if value, isCookie := bytes.CutPrefix(variable, []byte(CookieVariable+"=")); isCookie {
			return strings.Split(string(value), ":")
		}
	}
	return nil
}

// ownChildren are the ids of this process's children: those it started and, if it is a subreaper, orphans among its descendants.
func ownChildren() []int {
	var children []int
	for _, thread := range numericNames("/proc/self/task") {
		content, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", thread))
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(content)) {
			if pid, err := strconv.Atoi(field); err == nil {
				children = append(children, pid)
			}
		}
	}
	return children
}

// descendants are the roots and all their descendants, as far as the processes between are alive.
func descendants(roots []int, processes map[int]*processInfo) map[int]bool {
	children := make(map[int][]int)
	for pid, info := range processes {
		children[info.parent] = append(children[info.parent], pid)
	}
	found := make(map[int]bool)
	for pending := slices.Clone(roots); len(pending) > 0; {
		pid := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if !found[pid] {
			found[pid] = true
			pending = append(pending, children[pid]...)
		}
	}
	return found
}

// numericNames are the names in a directory that are numbers.
func numericNames(directory string) []int {
	file, err := os.Open(directory)
	if err != nil {
		return nil
	}
	defer file.Close()
	names, _ := file.Readdirnames(-1)
	var numbers []int
	for _, name := range names {
		if number, err := strconv.Atoi(name); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}
