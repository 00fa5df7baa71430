"""Options of Buildbot's steps that nothing here follows, and what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.config.convert.buildbot.steps.step import Keys, OldStep

Said = tuple[str, str]

_SIZE: Said = ("how large a file may be is said by the server", "")
_FAILING: Said = ("what is done when a checkout fails isn't chosen by the step", "the builder's `retry` builds again")
STEPS: Mapping[str, Said] = {
    "maxsize": _SIZE,
    "keepstamp": ("an artifact has no times of its own", "pack the files with tar"),
    "url": ("the build's page links to its artifacts", ""),
    "retry": _FAILING,
    "retryFetch": _FAILING,
    "clobberOnFailure": _FAILING,
}
CHECKOUTS: Mapping[str, Said] = {"env": ("git has the environment of the worker", "set it there")}
FILES: Mapping[str, Said] = {"mode": ("an artifact keeps the mode that the file has", "have a script change it")}


def remark(old: OldStep, step: Keys) -> None:
    """Note those of the options that a step was given which nothing follows."""
    for name, (why, instead) in {**STEPS, **(CHECKOUTS if "checkout" in step else FILES)}.items():
        if name in old.step.arguments and old.attribute(name) not in (None, False):
            old.entry.note(name, why, instead)
