"""Services: reporters, which wait for notification, and whatever else a master runs."""

from __future__ import annotations

from buildledger.config.convert.buildbot.account import Kind
from buildledger.config.convert.buildbot.site import Site

_NOTIFY = "notification comes with `notify` of a later version"
_REPORTERS = {
    "MailNotifier": _NOTIFY,
    "IRC": _NOTIFY,
    "TelegramBot": _NOTIFY,
    "ZulipStatusPush": _NOTIFY,
    "PushoverNotifier": _NOTIFY,
    "PushjetNotifier": _NOTIFY,
    "HttpStatusPush": "messages to other servers come with `notify` of a later version",
    "GitHubStatusPush": "the status of a commit on GitHub comes with a later version",
    "GitLabStatusPush": "the status of a commit on GitLab comes with a later version",
    "BitbucketStatusPush": "the status of a commit on Bitbucket comes with a later version",
    "BitbucketServerStatusPush": "the status of a commit on Bitbucket comes with a later version",
    "BitbucketServerCoreAPIStatusPush": "the status of a commit on Bitbucket comes with a later version",
    "BitbucketServerPRCommentPush": "comments on pull requests come with a later version",
    "GerritStatusPush": "votes on Gerrit come with a later version",
    "GerritVerifyStatusPush": "votes on Gerrit come with a later version",
    "ReporterBase": "a reporter of your own has no counterpart",
}
_INSTEAD = "meanwhile read the event stream, `GET /api/v1/stream`, which loses nothing"


def convert(site: Site) -> None:
    """Account for all of them."""
    for thing in site.extracted.services:
        cls = site.extracted.class_of(thing)
        reporter = site.extracted.base_among(thing, _REPORTERS)
        kind = Kind.SERVICES if reporter is None else Kind.REPORTERS
        name = str(thing.attributes.get("name") or cls.name)
        entry = site.account.entry(kind, (cls.name, name, thing.place), cls.name, thing.place)
        if reporter is not None:
            entry.refuse(_REPORTERS[reporter], _INSTEAD)
        else:
            entry.refuse(f"a service of the class {cls.name} has no counterpart", "a program beside the server")
