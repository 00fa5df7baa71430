"""Options of Buildbot's that nothing here follows: those that change what is done are noted, the others aren't."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.config.convert.buildbot.account import Entry
from buildledger.config.convert.buildbot.described import Value

Said = tuple[str, str]

_SIZE: Said = ("how large a file may be is said by the server", "")
_FAILING: Said = ("what is done when a checkout fails isn't chosen by the step", "the builder's `retry` builds again")
STEPS: Mapping[str, Said] = {
    "interruptSignal": ("how a program is stopped isn't chosen by the step", ""),
    "maxsize": _SIZE,
    "keepstamp": ("an artifact has no times of its own", "pack the files with tar"),
    "url": ("the build's page links to its artifacts", ""),
    "retry": _FAILING,
    "retryFetch": _FAILING,
    "clobberOnFailure": _FAILING,
}
CHECKOUTS: Mapping[str, Said] = {"env": ("git has the environment of the worker", "set it there")}
FILES: Mapping[str, Said] = {"mode": ("an artifact keeps the mode that the file has", "have a script change it")}
SCHEDULERS: Mapping[str, Said] = {
    "onlyImportant": ("commits that don't count belong to the next build as well", ""),
    "priority": ("what is built first is said by the builder", "`priority` of the builder"),
}
_POLLING: Said = ("how a source is looked at isn't chosen beyond how often", "")
POLLERS: Mapping[str, Said] = {
    "only_tags": ("a source is polled for branches", "hand tags in by `POST /api/v1/sources/NAME/changes`"),
    "buildPushesWithNoCommits": _POLLING,
    "pollAtLaunch": _POLLING,
    "pollRandomDelayMin": _POLLING,
    "pollRandomDelayMax": _POLLING,
    "usetimestamps": _POLLING,
}
WITHOUT_MEANING = frozenset(
    {"description", "descriptionDone", "descriptionSuffix", "updateBuildSummaryPolicy", "useProgress", "progress"}
    | {"progressMetrics", "logEnviron", "lazylogfiles", "want_stdout", "want_stderr", "compress", "blocksize"}
    | {"password", "keepalive_interval", "gitbin", "workdir", "reason", "label", "buttonName", "builddir"}
    | {"workerbuilddir", "codebase", "codebases", "glob", "kube_config"}
    | {"maxWarnCount", "suppressionFile", "warningExtractor", "warningPattern"}
)
"""What people see, how logs are kept, or what the old master needs for itself; of warnings a note says all."""


def remark(entry: Entry, given: Mapping[str, Value], *tables: Mapping[str, Said]) -> None:
    """Note those of the options that a thing was given which nothing follows."""
    for table in tables:
        for name, (why, instead) in table.items():
            if given.get(name) not in (None, False):
                entry.note(name, why, instead)
