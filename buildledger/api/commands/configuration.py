"""Commands that put a configuration in force: one that was sent, or an earlier one."""

from __future__ import annotations

import asyncio

import msgspec

from buildledger.api.commands.context import VISIBLE_SECONDS, CommandContext
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.http.problems import ConfigurationMoved, ConfigurationUnusable, Invalid, NotFound
from buildledger.api.queries import revisions as queries
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.config.plan.diff import diff
from buildledger.config.plan.plan import stored_lines
from buildledger.config.plan.usable import hindrances
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.domain.config import ApplyConfig, RequireConfig
from buildledger.domain.refusals import ConfigReplacedRefusal, ConfigRevisionRefusal
from buildledger.events.stored_format import UnreadableTextError
from buildledger.ledger.submission import Receipt
from buildledger.wording import plural

TRIES = 10
"""While others apply theirs at the same time, and the caller didn't say over which."""


async def configuration_of(text: str) -> Configuration:
    """The configuration that a request's text says.

    Raises:
        Invalid: it is none.
    """
    try:
        return (await asyncio.to_thread(read_configuration, text)).anew()
    except UnreadableTextError as error:
        raise Invalid(f"the text is no resolved configuration: {error.cause}") from None


def revision_text(deps: ApiDependencies, number: int) -> tuple[Configuration, str]:
    """The content of an earlier revision and the file that it came from. Blocks.

    Raises:
        NotFound: there is no such revision.
        ConfigurationUnusable: it is in no format that this version reads.
    """
    with deps.views.read(None, "revisions") as (revisions,):
        row = queries.revision_row(revisions, number)
    if row is None:
        raise NotFound("revision", number)
    try:
        return read_configuration(deps.configurations.text_at(row.seq)).anew(), row.origin
    except UnreadableTextError as error:
        raise ConfigurationUnusable(f"revision {number} can't be read by this version: {error}") from None


async def apply(context: CommandContext, command: ApplyConfig, configuration: Configuration) -> Receipt:
    """Put it in force, with the plan of what that changes.

    Raises:
        ConfigurationMoved: another is in force than the one that the command expects; says whose.
    """
    for attempt in range(TRIES):
        planned, required = await asyncio.to_thread(_planned, context.deps, command, configuration)
        try:
            return await context.execute(*required, planned)
        except ConfigReplacedRefusal:
            # somebody else was quicker: the plan would tell what changed since another one
            if attempt == TRIES - 1:
                raise
        except ConfigRevisionRefusal as refusal:
            raise await asyncio.to_thread(_moved, context.deps, refusal) from None
    raise AssertionError("unreachable")


def check_usable(configuration: Configuration, number: int | None = None) -> None:
    """Make sure that a configuration, or an earlier revision by its number, can be put in force. Blocks.

    Raises:
        ConfigurationUnusable: it can't; says why.
    """
    if found := hindrances(configuration):
        more = f", and {plural(len(found) - 1, 'more')}" if len(found) > 1 else ""
        what, again = ("the configuration", "") if number is None else (f"revision {number}", " again")
        raise ConfigurationUnusable(
            f"{what} can't be put in force{again}: {found[0]}{more}",
            errors=[{"in": "configuration", "at": "secrets", "message": each, "kind": "secret"} for each in found],
        )


def _planned(
    deps: ApiDependencies, command: ApplyConfig, configuration: Configuration
) -> tuple[ApplyConfig, tuple[RequireConfig, ...]]:
    current, required = deps.active.newest()
    return msgspec.structs.replace(command, plan=stored_lines(diff(current, configuration))), required


def _moved(deps: ApiDependencies, refusal: ConfigRevisionRefusal) -> ConfigurationMoved:
    """Who has applied the one in force, when, from where, and what it changed."""
    deps.views.progress.reached_blocking(deps.ledger.head(), VISIBLE_SECONDS)
    looked_at = f"not {refusal.expected}" if refusal.expected else "though none was expected to be"
    with deps.views.read(None, "revisions", "people") as (revisions, people):
        row = queries.revision_in_force(revisions)
        if row is None:
            return ConfigurationMoved(f"no configuration is in force, so it isn't revision {refusal.expected}")
        (found,) = queries.as_revisions(revisions, PersonalDataResolver(deps.vault, people), [row])
    lines = len(found.plan)
    changed = f": {found.plan[0]}" if found.plan else ""
    more = f" and {plural(lines - 1, 'more line')}" if lines > 1 else ""
    why = f" ({found.message})" if found.message else ""
    source = f"revision {found.restores}, to which it went back" if found.restores else found.origin
    return ConfigurationMoved(
        f"revision {found.revision} is in force, {looked_at}: {found.applied_by.label} applied it at"
        f" {found.applied_at:%Y-%m-%d %H:%M:%S} UTC from {source}{why}{changed}{more}; look at the difference again"
    )
