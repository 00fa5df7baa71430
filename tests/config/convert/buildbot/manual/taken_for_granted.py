"""What a sample of the manual takes for granted: names that another page, or its reader, has defined.

Put beside a sample's `master.cfg`: this runs in the Python that has Buildbot, and imports nothing but that.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from buildbot import plugins
from buildbot.plugins import steps, util

_KINDS = ("steps", "util", "schedulers", "changes", "reporters", "worker", "secrets", "webhooks")
_MODULES = {
    "defer": "twisted.internet.defer",
    "authz": "buildbot.www.authz",
    "manhole": "buildbot.manhole",
    "stats": "buildbot.statistics",
    "buildstep": "buildbot.process.buildstep",
    "logobserver": "buildbot.process.logobserver",
    "remotecommand": "buildbot.process.remotecommand",
    "buildrequest": "buildbot.process.buildrequest",
}
_CLASSES = {
    "Scheduler": "buildbot.schedulers.basic.SingleBranchScheduler",
    "SomeSchedulerClass": "buildbot.schedulers.basic.SingleBranchScheduler",
    "BuildStep": "buildbot.process.buildstep.BuildStep",
    "RemoteCommand": "buildbot.process.remotecommand.RemoteCommand",
    "Properties": "buildbot.process.properties.Properties",
    "Build": "buildbot.process.build.Build",
}
_ELSEWHERE = ("buildbot.www.authz.roles", "buildbot.reporters.message")
_DIRECTORIES = {"basedir": "", "secrets_directory": "secrets"}


def _factory() -> Any:
    """Pages call a factory by this name, and the module it is from."""
    made = util.BuildFactory()
    made.BuildFactory = util.BuildFactory
    return made


_VALUES: dict[str, Callable[[], Any]] = {
    "factory": _factory,
    **dict.fromkeys(("f", "f1", "f_quick", "f_thorough", "build_factory"), util.BuildFactory),
    **dict.fromkeys(("branches_to_build", "branches_to_ignore", "builders"), list),
    "all_steps": lambda: [steps.ShellCommand(command=["true"])],
    "step_definition": lambda: steps.ShellCommand(command=["true"]),
    "PORT": lambda: 8010,
}


def prepared(names: list[str], directory: str) -> dict[str, Any]:
    """A value for each name that a sample takes for granted."""
    _stand_in()
    values: dict[str, Any] = {"c": configuration()}
    for name in names:
        if name in ("BuildmasterConfig", "c"):
            values[name] = values["c"]
        elif name in _DIRECTORIES:
            path = Path(directory, _DIRECTORIES[name])
            path.mkdir(exist_ok=True)
            values[name] = str(path)
        elif not hasattr(builtins, name):
            values[name] = _meant(name)
    return values


def configuration() -> dict[str, Any]:
    """An empty one."""
    return {
        **{key: [] for key in ("workers", "builders", "schedulers", "change_source", "services")},
        "protocols": {"pb": {"port": 9989}},
        "buildbotURL": "https://buildbot.example.org/",
        "buildbotNetUsageData": None,
        "www": {},
    }


def _meant(name: str) -> Any:
    """A plugin, a module, a thing that pages have in common, a class of the reader's own, else a text."""
    if name in _VALUES:
        return _VALUES[name]()
    if name in _KINDS:
        return getattr(plugins, name)
    for kind in _KINDS:
        if name in getattr(plugins, kind).names:
            return getattr(getattr(plugins, kind), name)
    return _imported(name) or (_class(name) if name[:1].isupper() and not name.isupper() else name)


def _imported(name: str) -> Any:
    if name in _CLASSES:
        module, _, attribute = _CLASSES[name].rpartition(".")
        return getattr(importlib.import_module(module), attribute)
    for module in _ELSEWHERE:
        if hasattr(importlib.import_module(module), name):
            return getattr(importlib.import_module(module), name)
    try:
        return importlib.import_module(_MODULES.get(name, name))
    except (ImportError, ValueError):
        return None


def _class(name: str) -> Any:
    """A step of the reader's own."""
    return type(name, (steps.ShellCommand,), {"command": ["true"]})


def _stand_in() -> None:
    """Modules that ask Amazon or a hypervisor while the file is loaded: they find one image."""
    for name in ("boto3", "boto3.session", "botocore", "botocore.client", "libvirt"):
        sys.modules[name] = MagicMock()
    boto3: Any = sys.modules["boto3"]
    client: Any = sys.modules["botocore.client"]
    client.ClientError = type("ClientError", (Exception,), {})
    image = SimpleNamespace(id="ami-1", image_location="buildbot-1-1/image.manifest.xml", state="available")
    for session in (boto3.Session, boto3.session.Session):
        session.return_value.get_available_regions.return_value = ["us-east-1", "us-west-2"]
        images = session.return_value.resource.return_value.images
        images.all.return_value = _Images([image])


class _Images(list[Any]):
    """Images of which any choice is all of them."""

    def filter(self, **_: Any) -> _Images:
        """Those of an owner."""
        return self
