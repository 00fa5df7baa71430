"""The virtual environment that Buildbot lives in, made once and kept below `out/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LOCK = REPOSITORY / "requirements" / "bench-buildbot.txt"


def ensure(folder: Path) -> Path:
    """The `bin` folder of an environment with Buildbot as the lock file names it, installed if need be."""
    stamp = folder / "installed.txt"
    binaries = folder / "bin"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return binaries
    print("Installing Buildbot 4.3 into an environment of its own (once) …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    subprocess.run(
        [binaries / "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", LOCK],
        check=True,
    )
    stamp.write_text(LOCK.read_text())
    return binaries
