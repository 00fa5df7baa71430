"""Steps that move files between the worker and the master, which here are artifacts."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from buildledger.config.convert.buildbot import described, values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.site import items
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep, common, directory
from buildledger.config.paths import fault as path_fault

_KEPT = "it is kept as an artifact of the build, not at a path on the server"


def upload(old: OldStep) -> list[Keys]:
    """`FileUpload`, `DirectoryUpload`."""
    target = old.attribute("masterdest")
    _remark_url(old)
    old.entry.note("masterdest", _KEPT, "whoever used the file there gets it from the build's page or the API")
    step = common(old) | {"upload": _below(old, old.attribute("workersrc", old.attribute("slavesrc")))}
    if isinstance(target, str) and (name := posixpath.basename(target.rstrip("/"))):
        source = step["upload"]
        if not isinstance(source, str) or posixpath.basename(source) != name:
            step["to"] = name
    return [step]


def upload_several(old: OldStep) -> list[Keys]:
    """`MultipleFileUpload`: a step for each."""
    sources = old.attribute("workersrcs", old.attribute("slavesrcs"))
    if not isinstance(sources, described.ListOf | str):
        raise UnsayableError("its files are named when it runs", "write an `upload` for each")
    _remark_url(old)
    old.entry.note("masterdest", _KEPT, "whoever used the files there gets them from the build's page or the API")
    made = []
    for source in items(sources):
        path = _below(old, source)
        keys = common(old)
        keys.pop("name", None)
        if isinstance(path, str) and ("*" in path or "?" in path) and old.attribute("glob") is True:
            made.append(keys | {"upload": posixpath.dirname(path) or ".", "files": posixpath.basename(path)})
        else:
            made.append(keys | {"upload": path})
    return made


def download_text(old: OldStep) -> list[Keys]:
    """`StringDownload`: a script writes it."""
    return [_write(old, old.attribute("s"))]


def download_json(old: OldStep) -> list[Keys]:
    """`JSONStringDownload`."""
    content = old.attribute("s")
    return [_write(old, json.dumps(_plain(old.attribute("o") if content is None else content)))]


def _write(old: OldStep, content: Value) -> Keys:
    if old.context.is_windows:
        raise UnsayableError("its content would go through `cmd.exe`", "put the file into the repository")
    target = _below(old, old.attribute("workerdest", old.attribute("slavedest")), relative=True)
    env = {"CONTENT": values.text(content, old.context), "FILE": target}
    return common(old) | {"script": 'printf %s "$CONTENT" > "$FILE"', "env": env} | directory(old)


def _remark_url(old: OldStep) -> None:
    if old.attribute("url") is not None:
        old.entry.note("url", "the build links to its artifacts, not to another server")


def _below(old: OldStep, value: Value, *, relative: bool = False) -> Any:
    """A path on the worker, which counts from the step's directory."""
    node, is_below = values.path(value, old.context)
    if not isinstance(node, str):
        return node
    inside = directory(old).get("workdir", ".")
    path = posixpath.normpath(node if relative or is_below else posixpath.join(inside, node))
    if (reason := path_fault(path)) is not None:
        raise UnsayableError(reason, "move the file into the build's directory first")
    return path


def _plain(value: Value) -> Any:
    match value:
        case described.ListOf(items=elements):
            return [_plain(each) for each in elements]
        case described.DictOf(items=pairs):
            return {str(key): _plain(each) for key, each in pairs}
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise UnsayableError("its content is made when it runs", "write the file in a `script`, with data from env")
