"""What the server asks of its process."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from buildledger.cli.server_process import run_as_server

async def main():
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
run_as_server(main)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_server_may_open_files_for_thousands_of_workers() -> None:
    """A server that was started with few open files allowed raises the limit as far as it may."""
    completed = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    current, most = (int(word) for word in completed.stdout.split())
    assert current == (65_536 if most < 0 else min(65_536, most))
