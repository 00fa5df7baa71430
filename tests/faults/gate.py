"""A step that waits until a test lets it go on."""

from __future__ import annotations

from pathlib import Path

from tests.faults.installation import wait_until

STEP = """
old=$(cat pid 2> /dev/null || true)
state=$(cut -d " " -f 3 "/proc/${old:-none}/stat" 2> /dev/null || true)
case "$state" in ""|Z) ;; *) echo "$old $state" >> survivors ;; esac
echo $$ > pid
echo started >> starts
while [ ! -e gate ]; do sleep 0.05; done
echo passed >> passes
"""
"""Says when it starts, waits for a gate, and notes whether an older one of its kind is still alive."""


class Gate:
    """The files by which the test and the running step speak to each other; they lie outside the build's directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()

    def text(self, step: str = STEP) -> str:
        """The configuration."""
        script = "\n".join(f"          {line}" for line in f"cd {self.directory}{step}".splitlines())
        return f"""
version: 1
server: {{title: Faults}}
workers:
  w1: {{capacity: 2}}
builders:
  slow:
    collapse: never
    steps:
      - script: |
{script}
      - run: ["true"]
"""

    def lines(self, name: str) -> int:
        """How often something was noted."""
        file = self.directory / name
        return len(file.read_text().splitlines()) if file.exists() else 0

    def wait_for_starts(self, count: int) -> None:
        """Wait until the step was started so often."""
        wait_until(lambda: self.lines("starts") >= count, f"the step has started {count} times")

    def wait_for_more_numbers(self) -> None:
        """Wait until the step has gone on counting."""
        counted = self.lines("counted")
        wait_until(lambda: self.lines("counted") > counted + 5, "the step has gone on")

    def pid(self) -> int:
        """Of the step's process."""
        return int((self.directory / "pid").read_text())

    def open(self) -> None:
        """Let the step go on."""
        (self.directory / "gate").touch()
