"""A bridge and a real old worker, together, are a worker: some cases of the kit, which has many more."""

import json
import subprocess
import sys
from pathlib import Path

CASES = (
    "hello/comes-back",
    "output/20-invalid-utf-8",
    "processes/37-tree-dies-after-the-end",
    "files/42-traversal-refused",
    "files/42-links-and-directories",
)
WORDS = ("{server}", "{name}", "{state}", "{work}", "{token}", "{spool}")


def test_cases_of_the_kit(tmp_path: Path) -> None:
    """Set up as is recommended: nothing is lost when the server is cut off, output is exact to the byte, what a command
    leaves behind dies, and no path leaves its place.
    """
    results = tmp_path / "results.json"
    chosen = [argument for case in CASES for argument in ("--only", case)]
    options = ["--quiet", "--patience", "4", "--worker", "bridge", "--json", str(results), *chosen]
    command = [sys.executable, "-m", "tests.bridge.worker_under_test", *WORDS]
    done = subprocess.run(
        [sys.executable, "-m", "buildledger", "conformance", *options, "--", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    outcomes = {each["case"]: each["outcome"] for each in json.loads(results.read_text())}
    assert outcomes == dict.fromkeys(CASES, "passed")
