"""Settings of the master: what has a counterpart, and what is said of everything else."""

from __future__ import annotations

from typing import Any

from buildledger.config.convert.buildbot import values
from buildledger.config.convert.buildbot.account import Kind
from buildledger.config.convert.buildbot.described import DictOf, Function, ListOf, Thing, Value
from buildledger.config.convert.buildbot.site import Site, entries

_KEPT_ELSEWHERE = frozenset(
    {"title", "buildbotURL", "secretsProviders", "properties", "projects", "buildbotNetUsageData"}
)
"""Converted, or nothing that anybody would miss."""
_DROPPED = {
    "db": ("the database is said when the server is started", "`buildledger serve --database`; without it SQLite"),
    "mq": ("servers learn of each other's facts from the ledger", ""),
    "multiMaster": ("several servers on one PostgreSQL need no setting", "`buildledger serve --database …` on each"),
    "caches": ("there is nothing to tune", ""),
    "protocols": ("where workers connect to is said when the server is started", "`buildledger serve --grpc`"),
    "metrics": ("metrics come with `server.telemetry` of a later version", ""),
    "manhole": ("there is no shell inside the server", "the API and the audit commands read everything"),
    "titleURL": ("the title leads to the home page", ""),
    "changeHorizon": ("nothing is forgotten by age", ""),
    "changeCacheSize": ("there is nothing to tune", ""),
    "buildCacheSize": ("there is nothing to tune", ""),
    "logCompressionLimit": ("logs are always compressed", ""),
    "logCompressionMethod": ("logs are always compressed", ""),
    "logMaxSize": ("the largest log comes with `logs` of a later version", "by default 1 GiB ends a step"),
    "logMaxTailSize": ("the largest log comes with `logs` of a later version", ""),
    "logEncoding": ("output is UTF-8; other bytes are kept as they are, and shown as such", ""),
    "revlink": ("links to revisions are made for known hosts", ""),
    "codebases": ("each repository is a source, found by its address", ""),
    "codebaseGenerator": ("each repository is a source, found by its address", ""),
    "validation": ("names of branches are checked by git's own rules", ""),
    "collapseRequests": None,
    "prioritizeBuilders": ("which builder is first is said by builders' `priority`", "`priority: {expr: CEL}`"),
    "select_next_worker": ("which worker is taken is said by builders' `pick`", ""),
    "services": None,
    "user_managers": ("people come with `identity` of a later version", "today there is one administrator"),
    "machines": (
        "machines that are woken up have no counterpart",
        "a worker that is started when it is needed: `start`",
    ),
}
_WWW = {
    "port": ("where the dashboard listens is said when the server is started", "`buildledger serve --http`"),
    "auth": ("sign-in for teams comes with `access` of a later version", "today there is one administrator"),
    "authz": ("who may do what comes with `access` of a later version", "today there is one administrator"),
    "change_hook_dialects": ("webhooks come with `webhook` of a later version", "sources are polled"),
    "avatar_methods": ("people have no pictures", ""),
    "plugins": ("the dashboard has its pages built in", ""),
    "allowed_origins": ("the API answers its own origin", "a proxy in front of it"),
    "custom_templates_dir": ("the dashboard has no templates", ""),
    "change_hook_auth": ("webhooks come with `webhook` of a later version", "sources are polled"),
    "versions": ("the dashboard says its own version only", ""),
    "default_page": ("the home page is the first one", ""),
    "theme": ("the dashboard has its own colours, light and dark", ""),
    "ui_default_config": ("the dashboard remembers each person's settings in the browser", ""),
}
_UNSAID = ("there is no such setting", "")
_QUIET_WWW = frozenset({"logfileName", "debug", "cookie_expiration_time", "rest_minimum_version"})


def convert(site: Site) -> dict[str, Any]:
    """The section `server`; everything else is accounted for."""
    settings = site.extracted.settings
    for name, value in settings.items():
        if name == "www":
            for key, inner in entries(value).items():
                _account_for(site, f"www.{key}", _WWW.get(key, _UNSAID) if key not in _QUIET_WWW else None, inner)
        elif name not in _KEPT_ELSEWHERE:
            _account_for(site, name, _DROPPED.get(name, _UNSAID), value)
    keys: dict[str, Any] = {}
    if (title := values.plain(settings.get("title"))) is not None:
        keys["title"] = title
    url = values.plain(settings.get("buildbotURL"))
    if url is not None and url.startswith(("http://", "https://")):
        keys["url"] = url.rstrip("/")
    return keys


def _is_usual(value: Value) -> bool:
    """Whether it says nothing: an empty collection, or objects that Buildbot itself has made for who says nothing."""
    if isinstance(value, Thing):
        return value.place is None
    return isinstance(value, ListOf | DictOf) and all(_is_usual(each) for each in _inner(value))


def _inner(value: ListOf | DictOf) -> list[Value]:
    return value.items if isinstance(value, ListOf) else [each for _, each in value.items]


def _account_for(site: Site, name: str, said: tuple[str, str] | None, value: Value) -> None:
    if said is None or value is None or _is_usual(value):
        return
    why, instead = said
    place = value.place if isinstance(value, Function) else None
    entry = site.account.entry(Kind.SETTINGS, name, name, place)
    if instead or "later version" in why or said is _UNSAID:
        entry.refuse(why, instead)
    else:
        entry.note("", why, instead)
