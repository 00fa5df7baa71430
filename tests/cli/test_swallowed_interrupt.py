"""A Ctrl-C where Python can raise nothing."""

from __future__ import annotations

import sys
import weakref

import click
import pytest

from buildledger.cli.main import LazyGroup


class Gone:
    """Something that a callback is told of."""


def interrupted() -> None:
    """Have an interrupt come in a callback, which Python swallows, and something else in another."""

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    def fail(_: object) -> None:
        raise ValueError("told all the same")

    for callback in (interrupt, fail):
        thing = Gone()
        kept = weakref.ref(thing, callback)
        del thing
        assert kept() is None
    click.echo("done")


def test_nothing_is_printed_of_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The command goes on; whatever else is swallowed is printed by Python as ever."""
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: click.echo(unraisable.exc_value, err=True))
    group = LazyGroup(callback=interrupted, invoke_without_command=True)
    with pytest.raises(SystemExit, match="0"):
        group.main([], "buildledger")
    assert capsys.readouterr() == ("done\n", "told all the same\n")
