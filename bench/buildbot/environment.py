"""Virtual environments for what is measured beside ours, made once and kept below `out/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LOCK = REPOSITORY / "requirements" / "bench-buildbot.txt"


def ensure(folder: Path, lock: Path = LOCK, what: str = "Buildbot 4.3") -> Path:
    """The `bin` folder of an environment with what the lock file names, installed if need be."""
    stamp = folder / "installed.txt"
    binaries = folder / "bin"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return binaries
    print(f"Installing {what} into an environment of its own (once) …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    subprocess.run(
        [binaries / "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock],
        check=True,
    )
    stamp.write_text(lock.read_text())
    return binaries
