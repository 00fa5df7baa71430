"""The distribution `buildledger-worker`: what is in it, what it needs, and that it runs builds by itself."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from buildledger import __version__
from buildledger.events.build import BuildFinished
from tests.faults.installation import WORKER, Installation

REPOSITORY = Path(__file__).parents[2]
OF_THE_SERVER = ("cel_expr_python", "click", "fastapi", "httpx", "msgspec", "pydantic", "sqlalchemy", "uvicorn")
CONFIG = """
version: 1
workers: {w1: {capacity: 1}}
builders:
  hello:
    steps:
      - script: printf 'built by the wheel' > made.txt && cat made.txt
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, built from a copy of the repository with a dashboard that is built already."""
    copy, dist = tmp_path_factory.mktemp("repository"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, copy)
    ignored = shutil.ignore_patterns("__pycache__", "dashboard_static")
    shutil.copytree(REPOSITORY / "buildledger", copy / "buildledger", ignore=ignored)
    shutil.copytree(REPOSITORY / "packaging", copy / "packaging")
    (copy / "buildledger" / "dashboard_static").mkdir()
    (copy / "buildledger" / "dashboard_static" / "index.html").write_text("<!doctype html>")
    for place in (copy, copy / "packaging" / "worker"):
        subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist], cwd=place, check=True)
    return {path.name.partition("-")[0]: path for path in dist.iterdir()}


@pytest.fixture(scope="module")
def worker_python(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the worker's wheel and what its metadata asks for, in these versions.

    The packages are copied from the environment of the tests, so that no index has to be reached.
    """
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, symlinks=True)
    python = directory / "bin" / "python"
    options = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
    _pip(python, "install", *options, wheels["buildledger_worker"])
    site = next(directory.glob("lib/python*/site-packages"))
    for name in _closure(_requirements(wheels["buildledger_worker"])):
        for file in importlib.metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(str(file.locate())), site / file)
    return python


def _clean_environment() -> dict[str, str]:
    """Without what leads Python to this repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def _pip(python: Path, *arguments: str | Path) -> None:
    """Run the tests' own pip on another environment."""
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *arguments], check=True, env=_clean_environment())


def _metadata(wheel: Path) -> importlib.metadata.PathDistribution:
    folder = next(name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA"))
    return importlib.metadata.PathDistribution(zipfile.Path(wheel, folder.removesuffix("METADATA")))


def _requirements(wheel: Path) -> list[Requirement]:
    return [Requirement(text) for text in _metadata(wheel).requires or ()]


def _closure(requirements: list[Requirement]) -> set[str]:
    """Names of all packages that these need, directly or not."""
    found: set[str] = set()
    waiting = [each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            needed = [Requirement(text) for text in importlib.metadata.requires(name) or ()]
            waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


def _files(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("buildledger/")}


def test_each_file_is_in_one_of_the_two(wheels: dict[str, Path]) -> None:
    """Both can be installed together: none of them overwrites what the other has, and nothing is left out."""
    server, worker = _files(wheels["buildledger"]), _files(wheels["buildledger_worker"])
    assert not server & worker
    generated = {"__pycache__", "dashboard_static"}
    sources = (path for path in (REPOSITORY / "buildledger").rglob("*") if path.is_file())
    relative = (path.relative_to(REPOSITORY) for path in sources)
    assert {name for name in server | worker if "dashboard_static" not in name} == {
        path.as_posix() for path in relative if generated.isdisjoint(path.parts)
    }
    assert {name.split("/")[1] for name in worker} == {"__init__.py", "grpc_protos", "py.typed", "worker"}


def test_both_have_one_version(wheels: dict[str, Path]) -> None:
    """The server's wheel depends on the worker's of exactly its own version."""
    assert {_metadata(wheel).version for wheel in wheels.values()} == {__version__}
    pinned = [each for each in _requirements(wheels["buildledger"]) if each.name == "buildledger-worker"]
    assert [str(each.specifier) for each in pinned] == [f"=={__version__}"]


def test_the_worker_needs_four_packages(wheels: dict[str, Path]) -> None:
    """With the bounds that the server has for the same packages."""
    needed = {each.name: each for each in _requirements(wheels["buildledger_worker"])}
    assert set(needed) == {"cryptography", "google-crc32c", "grpcio", "protobuf"}
    servers = {each.name: each for each in _requirements(wheels["buildledger"])}
    assert all(servers[name].specifier == each.specifier for name, each in needed.items())


def test_the_pinned_packages_are_those(wheels: dict[str, Path]) -> None:
    """requirements/worker.txt pins what the worker needs and nothing else, as requirements/runtime.txt does."""
    pinned = _pins("worker")
    assert set(pinned) == _closure(_requirements(wheels["buildledger_worker"]))
    assert pinned.items() <= _pins("runtime").items()


def _pins(name: str) -> dict[str, str]:
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


def test_the_environment_is_small_and_whole(worker_python: Path) -> None:
    """Nothing is missing there, and nothing of the server is there."""
    _pip(worker_python, "check")
    question = f"""
import importlib.util, os, buildledger
print([name for name in {OF_THE_SERVER!r} if importlib.util.find_spec(name)])
print(sorted(name for name in os.listdir(os.path.dirname(buildledger.__file__)) if not name.startswith("__")))
"""
    answer = subprocess.run([worker_python, "-I", "-c", question], check=True, capture_output=True, text=True).stdout
    assert answer.splitlines() == ["[]", "['grpc_protos', 'py.typed', 'worker']"]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path, CONFIG)
    yield made
    made.close()


def test_it_enrolls_and_runs_a_build(worker_python: Path, installation: Installation, tmp_path: Path) -> None:
    """The installed command takes a token from the environment and does what a real server wants done."""
    with installation.start_server() as client:
        token = client.post("/enrollment-tokens", json={"worker": WORKER}).raise_for_status().json()["token"]
        worker = subprocess.Popen(
            [
                *(worker_python.with_name("buildledger-worker"), "--server", installation.gateway, "--name", WORKER),
                *("--state", tmp_path / "worker", "--supervisor", "none"),
            ],
            env=_clean_environment() | {"BUILDLEDGER_WORKER_TOKEN": token},
            stdin=subprocess.DEVNULL,
        )
        try:
            request = installation.force(client, "hello")
            assert installation.wait_for_answer(client, request) == "success"
        finally:
            worker.terminate()
            assert worker.wait(30) == 0
    assert len(installation.recorded(BuildFinished)) == 1
    assert next((tmp_path / "worker" / "work").rglob("made.txt")).read_text() == "built by the wheel"
