"""Configurations that several tests of the reactors use."""

from __future__ import annotations

TRIGGERS = """
version: 1
server: {title: Test}
sources:
  widget: {git: "https://git.example/widget.git", default_branch: main}
  proto: {git: "https://git.example/proto.git"}
workers:
  w1: {capacity: 8}
builders:
  tests:
    collapse: never
    steps: [{checkout: widget}, {run: ["true"]}]
  docs:
    collapse: never
    when: change.files.exists(f, f.startsWith('docs/'))
    priority: {expr: "change.branch == 'main' ? 5 : 1"}
    steps: [{checkout: widget}, {checkout: proto, into: proto}]
  package:
    collapse: never
    steps: [{checkout: widget}]
triggers:
"""
"""Builders, and the beginning of a list of triggers."""
SETTLING = TRIGGERS + "  - {on: change, name: push, source: widget, settle: 90s, build: [tests]}\n"
"""A branch is built when it has been quiet for 90 seconds."""
ELASTIC = """\
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
locks: {board: {count: 1}}
workers:
  w1: {labels: {os: linux}}
  cloud: {labels: {os: linux, size: large}, capacity: 2, start: {driver: local, max: 3, idle_timeout: 1m}}
  lab: {labels: {os: arm}, start: {driver: local, idle_timeout: never}}
builders:
  tests: {collapse: never, worker: worker.labels.os == 'linux', steps: [{run: [make]}]}
  same: {worker: worker.labels.os == 'linux', steps: [{run: [make]}]}
  flash: {collapse: never, locks: [board], worker: worker.labels.os == 'arm', steps: [{run: [make]}]}
  nowhere: {worker: worker.labels.os == 'vms', steps: [{run: [make]}]}
  exclusive: {collapse: never, locks: [board], worker: worker.labels.os == 'linux', steps: [{run: [make]}]}
"""
"""Workers that come by themselves, and some that the server starts."""
