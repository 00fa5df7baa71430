"""A bridge and an old worker as one command line for the conformance kit.

buildledger conformance -- python -m tests.bridge.worker_under_test {server} {name} {state} {work} {token} {spool}

The old worker is set up as docs/buildbot-workers.md recommends: no debugging messages, output exact to the byte.
"""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.bridge.old_worker import OldWorker
from tests.fakes.ports import free_port

PASSWORD = "sesame"
LEAST_SPOOL_BYTES = 1 << 20
QUIET = """
from buildbot_worker.msgpack import BuildbotWebSocketClientProtocol
BuildbotWebSocketClientProtocol.debug = False
"""


def main(server: str, name: str, state: Path, work: Path, token: str, spool: int) -> int:
    """Be a worker until told to end; returns the bridge's exit code."""
    kept = state / "port"
    if not kept.exists():
        kept.write_text(str(free_port()))
    port = int(kept.read_text())
    (state / "password").write_text(PASSWORD)
    entry = {"password_file": "password", "enrollment_token": token, "secrets": True}
    (state / "workers.yaml").write_text(json.dumps({"workers": {name: entry}}))
    options = {
        "--server": server,
        "--listen": f"127.0.0.1:{port}",
        "--state": str(state / "bridge"),
        "--workers": str(state / "workers.yaml"),
        "--spool-bytes": str(max(spool, LEAST_SPOOL_BYTES)),
    }
    arguments = [each for option in options.items() for each in option]
    bridge = subprocess.Popen([sys.executable, "-m", "buildledger", "bridge", *arguments])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: bridge.terminate())
    worker = OldWorker(work, port=port, name=name, password=PASSWORD)
    settings = work / "buildbot.tac"
    if QUIET not in settings.read_text():
        text = settings.read_text().replace("protocol=protocol,", "protocol=protocol, unicode_encoding='latin-1',")
        settings.write_text(text + QUIET)
    worker.start()
    # Popen.wait can't be interrupted by a handler that looks at the same process.
    while bridge.poll() is None:
        time.sleep(0.05)
    worker.stop()
    return bridge.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), sys.argv[5], int(sys.argv[6])))
