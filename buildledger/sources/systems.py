"""THE list of version-control systems; each has a folder of its own beside this file."""

from __future__ import annotations

from buildledger.sources.git.system import Git
from buildledger.sources.port import VersionControl

_ALL: tuple[VersionControl, ...] = (Git(),)

SYSTEMS: dict[str, VersionControl] = {system.KEY: system for system in _ALL}
"""By the key that names a system in the file and in what is stored."""
