package hostinfo

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const (
	bootKey = `SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters`
	// The wall clock may be stepped a little; instants of boot closer together than this are the same boot.
	bootSlack = 10 * time.Second
)

// BootID names this boot of the machine; it differs after a reboot.
//
// Windows counts its boots. Where it doesn't, the time of boot stands in for the number.
func BootID() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("the boot can't be told from others: %w", err)
	}
	if key, err := registry.OpenKey(registry.LOCAL_MACHINE, bootKey, registry.QUERY_VALUE); err == nil {
		defer key.Close()
		if number, _, err := key.GetIntegerValue("BootId"); err == nil {
			return fmt.Sprintf("%.40s-%d", host, number), nil
		}
	}
	booted := time.Now().Add(-Monotonic()).Round(bootSlack)
	return fmt.Sprintf("%.40s-at-%d", host, booted.Unix()), nil
}

// Monotonic is the time since an instant that is the same for the whole boot, not only for this process.
func Monotonic() time.Duration { return windows.DurationSinceBoot() }

// LoadAverage is the load of the last minute; Windows has none.
func LoadAverage() (float64, bool) { return 0, false }

// FreeBytes is what ordinary users can still write where directory lies; 0 if that can't be told.
func FreeBytes(directory string) uint64 {
	path, err := windows.UTF16PtrFromString(directory)
	if err != nil {
		return 0
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0
	}
	return free
}
