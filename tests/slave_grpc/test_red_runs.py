"""A run of these tests ends, also when it is red."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RED = """
import gc

from tests.slave_grpc.conftest import *
from tests.slave_grpc.raw_worker import RawWorker
from tests.slave_grpc.service import Installation


async def test_leaves_a_server(tmp_path):
    installation = Installation(tmp_path / "server")
    await installation.start()
    await installation.enroll("bob")
    await RawWorker(installation.port, "bob").connect()
    raise AssertionError("broken on purpose")


async def test_leaves_a_stream(installation):
    await installation.enroll("bob")
    await RawWorker(installation.port, "bob").connect()
    raise AssertionError("broken on purpose")


def test_everything_was_closed():
    gc.collect()
    assert not raw_worker.OPEN
    assert not service.OPEN
"""


async def test_a_red_run_ends(tmp_path: Path) -> None:
    """Tests that fail while servers and streams are open leave neither: pytest says which have failed, and ends."""
    (tmp_path / "test_red.py").write_text(RED)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")),
        str(tmp_path / "test_red.py"),
        cwd=ROOT,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            output = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 1, output
    assert "2 failed, 1 passed" in output
    assert "never awaited" not in output
    assert "INTERNALERROR" not in output
