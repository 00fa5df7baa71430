"""A whole Build Ledger for the browser to look at: repository, configuration, server process and worker process."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from buildledger.cli.client import Client
from buildledger.cli.stack import Stack
from buildledger.settings import Address
from tests.fakes.ports import free_port
from tests.fakes.repository import Repository
from tests.faults.installation import wait_until

GREEN = """#!/bin/sh
echo "1..2"
echo "ok 1 - a widget turns"
echo "ok 2 - a widget stops"
"""

CONFIGURATION = """
version: 1
server: {title: Widgets}
sources:
  widget: {git: "../widget", poll: 200ms}
workers:
  local: {labels: {os: linux}, capacity: 4}
  absent: {labels: {os: plan9}}
builders:
  tests:
    description: What every commit has to pass
    steps:
      - checkout: widget
      - {name: compile, run: [echo, compiled]}
      - {name: unit tests, run: [sh, test.sh]}
      - {name: package, run: [echo, packaged]}
  talk:
    description: Prints as many lines as it is told to
    steps:
      - name: speak
        script: |
          n=0
          until [ -e "$SHARED/end" ] && [ $n -ge "$(cat "$SHARED/lines")" ]; do
            while [ $n -lt "$(cat "$SHARED/lines")" ]; do n=$((n+1)); echo "word $n"; done
            sleep 0.05
          done
        env: &shared {SHARED: "@shared@"}
  hold:
    description: Stands in the middle of a step until it is let go, and fails then
    steps:
      - {name: ready, run: [echo, ready]}
      - name: wait
        script: |
          echo "before"
          touch "$SHARED/waiting"
          until [ -e "$SHARED/alone" ]; do sleep 0.05; done
          echo "while nobody listened"
          touch "$SHARED/spoken"
          until [ -e "$SHARED/go" ]; do sleep 0.05; done
          echo "after"
          exit 9
        env: *shared
  hostile:
    steps:
      - {name: attack, run: [cat, "@shared@/hostile"]}
      - name: attack in pieces
        script: |
          for piece in "$SHARED"/pieces/*; do cat "$piece"; sleep 0.1; done
        env: *shared
  long:
    steps:
      - {name: count, run: [cat, "@shared@/long"]}
  release:
    description: Inputs of every type
    inputs:
      channel: {enum: [stable, beta], description: Who gets it}
      parts: {type: integer, default: 2}
      signed: {type: boolean, default: false}
      notes: {type: list, default: []}
    steps:
      - run: [echo, "to", {input: channel}, {spread: notes}]
        name: announce
      - run: [sleep, 600]
        name: roll out
  clean:
    description: Cleans up for long, also when it was stopped
    steps:
      - {name: work, run: [sleep, 600]}
      - {name: clean up, run: [sleep, 600], always_run: true}
      - {name: report, run: [echo, cleaned], always_run: true}
  leave:
    description: Leaves files and test reports behind
    steps:
      - name: make
        script: |
          mkdir -p site/empty && echo '<script>alert(1)</script>' > site/index.html && echo tool > tool
          cat > junit.xml <<'END'
          <testsuite name="widgets">
          <testcase classname="tests.test_turning" name="test_turns[&lt;b&gt;]" time="0.25"/>
          <testcase classname="tests.test_turning" name="test_stops"><failure message="it went on turning">line 41
          assert widget.speed == 0</failure></testcase>
          <testcase classname="tests.test_turning" name="test_later"><skipped message="not yet"/></testcase>
          </testsuite>
          END
      - {upload: site}
      - {upload: tool, to: widget-tool}
      - {test_report: junit.xml, name: unit test results}
  elsewhere:
    description: Needs a worker that isn't there
    worker: worker.labels.os == 'plan9'
    steps:
      - run: [echo, here]
triggers:
  - {on: change, source: widget, build: [tests]}
  - {on: manual, build: [tests, talk, hold, hostile, long, release, clean, leave, elsewhere]}
"""


class Site:
    """A server process, a worker process, and a directory of files by which tests and steps signal each other."""

    def __init__(self, directory: Path) -> None:
        self.repository = Repository(directory / "widget")
        self.repository.commit("Make widgets turn", "Grace Sample <grace@example.org>", **{"test.sh": GREEN})
        self.shared_directory = directory / "shared"
        self.shared_directory.mkdir()
        config = directory / "config" / "ci.yaml"
        config.parent.mkdir()
        config.write_text(CONFIGURATION.replace("@shared@", str(self.shared_directory)))
        self._stack = Stack(directory / "state", config, _free_address(), _free_address())
        self._client: Client | None = None

    def start(self) -> None:
        """Start both and wait until the server answers."""
        self._client = self._stack.start()

    def stop(self) -> None:
        """Stop both."""
        self._stack.stop()

    @property
    def client(self) -> Client:
        """The API, as the command line uses it."""
        assert self._client is not None, "it was never started"
        return self._client

    def kill_server(self) -> None:
        """SIGKILL: it does nothing any more."""
        os.kill(self._stack.server_pid, signal.SIGKILL)

    def start_server_again(self) -> None:
        """Start it on the same state and the same ports, and wait until it answers."""
        killed = self._stack.server_pid
        self._stack.watch(until=lambda: self._stack.server_pid != killed)

    def force(self, builder: str, **inputs: str) -> str:
        """Request a build; its id as soon as it has started."""
        request = self.client.post(f"/builders/{builder}/force", {"inputs": inputs})["request_id"]
        found = wait_until(lambda: self._builds(request_id=request), f"a build of {builder} has begun")
        return str(found[0]["id"])

    def newest(self, builder: str, revision: str) -> dict[str, Any] | None:
        """The newest finished build of a revision."""
        for build in self._builds(builder=builder, status="finished"):
            if any(stamp["obtained"] == revision for stamp in build["stamps"]):
                return build
        return None

    def wait_for_end(self, build_id: str) -> dict[str, Any]:
        """The whole build once it has finished."""

        def finished() -> dict[str, Any] | None:
            detail = self.client.get(f"/builds/{build_id}")
            return detail if detail["build"]["status"] == "finished" else None

        detail: dict[str, Any] = wait_until(finished, f"build {build_id} has finished")
        return detail

    def wait_for_log(self, build_id: str, step: int = 0) -> str:
        """The id of a step's first log once it is there."""

        def log() -> str | None:
            for each in self.client.get(f"/builds/{build_id}")["steps"]:
                if each["index"] == step and each["operations"] and each["operations"][0]["logs"]:
                    return str(each["operations"][0]["logs"][0]["id"])
            return None

        return str(wait_until(log, f"step {step} of build {build_id} has a log"))

    def _builds(self, **filters: str) -> list[dict[str, Any]]:
        builds: list[dict[str, Any]] = self.client.get("/builds", **filters)["items"]
        return builds


def _free_address() -> Address:
    return Address(host="127.0.0.1", port=free_port())
