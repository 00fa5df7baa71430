"""What a rule answers: how a language's projects are built and tested here, in the order of the steps."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Run:
    """A program and its arguments."""

    argv: tuple[str, ...]
    name: str | None = None
    """None: the argv says it well enough."""
    timeout: str | None = None
    """None: only silence ends it."""
    comment: str = ""
    """Behind it, where a newcomer needs one."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """Lines for a shell, which ends with the first that fails."""

    name: str
    lines: tuple[str, ...]
    timeout: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """A JUnit file that an earlier step writes, if it gets so far."""

    path: str


Step = Run | Script | Report


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One builder: what was found, and what is to be done with it."""

    builder: str
    """The builder's name: that of the language."""
    language: str
    """For people."""
    found: tuple[str, ...]
    """What led to it, for people: files, then what they say."""
    steps: tuple[Step, ...]
    """After the checkout."""
    needs: tuple[str, ...] = ()
    """Programs that have to be on the worker's PATH."""
    env: dict[str, str] = field(default_factory=dict)
    covers: frozenset[str] = frozenset()
    """Builders that this one makes unnecessary: a Python package whose Rust is built by pip needs no builder `rust`."""
    directory: str = "."
    """Where in the repository it is."""
