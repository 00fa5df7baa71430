"""Builds the dashboard into the package, so that the wheel needs no Node where it is installed, and adds the worker.

The assets are built unless they are there and newer than every source, as in an unpacked sdist, which carries them
ready-made. An editable install may do without them, by `BUILDLEDGER_SKIP_DASHBOARD=1`; a wheel or sdist never does.

A wheel leaves out what the distribution buildledger-worker has, and depends on the same version of that; an editable
install finds all of it in the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP_VARIABLE = "BUILDLEDGER_SKIP_DASHBOARD"
WORKER_DISTRIBUTION = "buildledger-worker"
SOURCES = ("package.json", "package-lock.json", "vite.config.ts", "index.html", "public", "scripts", "src")


class BuildHook(BuildHookInterface[Any]):
    """Runs `npm ci` and `npm run build` before files are collected, and completes the wheel's dependencies."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make sure that `buildledger/dashboard_static` is complete, or fail the build."""
        if self.target_name == "wheel" and version == "standard":
            build_data["dependencies"].append(f"{WORKER_DISTRIBUTION}=={self.metadata.version}")
        root = Path(self.root)
        sources, assets = root / "dashboard", root / "buildledger" / "dashboard_static"
        if version == "editable" and os.environ.get(SKIP_VARIABLE) == "1":
            return
        if not is_fresh(assets, sources):
            build(sources)
        if not (assets / "index.html").is_file():
            raise RuntimeError(f"the dashboard's assets are missing: {assets} has no index.html")


def is_fresh(assets: Path, sources: Path) -> bool:
    """True when the assets are there and no source was changed after they were built."""
    index = assets / "index.html"
    if not index.is_file():
        return False
    if not sources.is_dir():
        return True
    built_at = index.stat().st_mtime
    return all(path.stat().st_mtime <= built_at for path in source_files(sources))


def source_files(sources: Path) -> list[Path]:
    """Every file that the assets are made of."""
    roots = [sources / name for name in SOURCES]
    return [path for root in roots for path in ([root] if root.is_file() else root.rglob("*")) if path.is_file()]


def build(sources: Path) -> None:
    """Install exactly what the lock file says and build.

    Raises:
        RuntimeError: there is no npm, or it failed.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("building the dashboard needs npm (Node 20.19 or later), which is not on PATH")
    for command in (["ci"], ["run", "build"]):
        done = subprocess.run([npm, *command], cwd=sources, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"`npm {' '.join(command)}` in {sources} failed with exit code {done.returncode}")
