"""Properties of the machine that the worker runs on."""

import os
import platform
import shutil
import sys
import time
import uuid
from pathlib import Path

from buildledger import __version__

SOFTWARE = f"buildledger-python/{__version__}"

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def operating_system() -> str:
    """The system's name as the protocol spells it."""
    return "linux" if sys.platform.startswith("linux") else platform.system().lower()


def architecture() -> str:
    """The processor's architecture as the kernel names it."""
    return platform.machine().lower()


def boot_id() -> str:
    """Identifier of this boot of the machine; differs after a reboot."""
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text(encoding="ascii").strip()
    # Elsewhere the time of boot stands in for it; ten seconds of slack absorb steps of the wall clock.
    booted = int((time.time() - time.monotonic()) / 10)
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{platform.node()} {booted}"))


def load_average() -> float | None:
    """One-minute load average; None where the system has none."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def free_bytes(directory: Path) -> int:
    """Bytes free for ordinary users where `directory` lies."""
    return shutil.disk_usage(directory).free
