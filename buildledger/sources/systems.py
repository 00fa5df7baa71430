"""THE list of version-control systems."""

from __future__ import annotations

from importlib import import_module

from buildledger.sources.port import VersionControl

NAMES = [
    "git",
]
"""Each is a folder beside this file, whose module `system` has the `SYSTEM`."""

SYSTEMS: dict[str, VersionControl] = {
    system.KEY: system for system in (import_module(f"buildledger.sources.{name}.system").SYSTEM for name in NAMES)
}
"""By the key that names a system in the file and in what is stored."""
