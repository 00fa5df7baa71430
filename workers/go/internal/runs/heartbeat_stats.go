package runs

import "buildledger/workers/go/internal/hostinfo"

// HeartbeatStats are the figures of the machine that each heartbeat has.
type HeartbeatStats struct {
	// Load is the load average of the last minute; nil where the system has none.
	Load *float64
	// DiskFreeBytes can still be written where the build directories lie; 0 if that isn't known.
	DiskFreeBytes uint64
}

// HeartbeatStats measures the machine.
func (e *LocalExecutor) HeartbeatStats() HeartbeatStats {
	stats := HeartbeatStats{DiskFreeBytes: hostinfo.FreeBytes(e.WorkDir)}
	if load, isKnown := hostinfo.LoadAverage(); isKnown {
		stats.Load = &load
	}
	return stats
}
