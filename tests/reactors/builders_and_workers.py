"""Builders that want different workers and locks, and who was given what."""

from __future__ import annotations

from buildledger.events.build import BuildAssigned
from buildledger.events.request import SourceStamp
from tests.reactors.world import REPOSITORY, World

BUILDERS = """
version: 1
server: {title: Test}
sources:
  widget: {git: "https://git.example/widget.git"}
workers:
  w1: {labels: {os: linux}, capacity: 1}
  w2: {labels: {os: linux, big: "yes"}, capacity: 2}
  w3: {labels: {os: windows}, capacity: 1}
locks:
  database: {count: 2}
builders:
  tests:
    worker: worker.labels.os == 'linux'
    steps: [{run: ["true"]}]
  docs:
    steps: [{run: ["true"]}]
  windows:
    worker: worker.labels.os == 'windows'
    steps: [{run: ["true"]}]
  big:
    worker: "'big' in worker.labels"
    steps: [{run: ["true"]}]
  integration:
    locks: [database]
    steps: [{run: ["true"]}]
  migration:
    locks: [{lock: database, take: 2}]
    steps: [{run: ["true"]}]
  release:
    worker: worker.name == 'w1' && change.branch == 'main'
    steps: [{run: ["true"]}]
"""


def on(branch: str, revision: str | None = None) -> SourceStamp:
    """A branch of the source of `BUILDERS`."""
    return SourceStamp(source="widget", repository=REPOSITORY, branch=branch, revision=revision)


def workers(w: World) -> list[str]:
    """The workers of all builds, in the order in which they were given them."""
    return [fact.worker for fact in w.facts(BuildAssigned)]
