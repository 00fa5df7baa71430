"""Request bodies of commands, checked by pydantic because they come from outside."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from buildledger.api.models.limits import NAME_CHARACTERS_MAX, POSITION_MAX, PRIORITY_LIMIT, REASON_CHARACTERS_MAX

INPUTS_MAX = 64
COMMITS_MAX = 200
PARENTS_MAX = 64
MESSAGE_CHARACTERS_MAX = 65_536
FILES_MAX = 500
LIST_INPUT_MAX = 1_024
INPUT_CHARACTERS_MAX = 16_384

CONFIG_CHARACTERS_MAX = 16 << 20

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[str, StringConstraints(max_length=REASON_CHARACTERS_MAX, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=PRINTABLE)]
RevisionText = Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z][0-9a-zA-Z._/+-]{0,199}$")]
InputText = Annotated[str, StringConstraints(max_length=INPUT_CHARACTERS_MAX)]
InputValue = bool | int | InputText | Annotated[list[InputText], Field(max_length=LIST_INPUT_MAX)]


class Body(BaseModel):
    """Base of all bodies: unknown fields and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StampBody(Body):
    """Which branch or revision of one source to build."""

    branch: Name | None = Field(None, description="Default: the source's default branch.")
    revision: RevisionText | None = Field(
        None,
        description="A whole or shortened hash, a tag or a branch; stored as the whole hash."
        " Default: whatever the branch holds when the build starts.",
    )


class ForceBody(Body):
    """What a build that is started by hand is to build."""

    branch: Name | None = Field(None, description="Of the builder's first source.", examples=["main"])
    revision: RevisionText | None = Field(
        None, description="Of the builder's first source: a whole or shortened hash, a tag or a branch."
    )
    sources: dict[Name, StampBody] = Field(default_factory=dict, description="For builders with several sources.")
    reason: Text = Field("", description="For people.", examples=["does it still work?"])
    priority: int | None = Field(None, ge=-PRIORITY_LIMIT, le=PRIORITY_LIMIT, description="Higher is sooner.")
    inputs: dict[Name, InputValue] = Field(
        default_factory=dict, max_length=INPUTS_MAX, description="Values of the builder's inputs, by name."
    )


class CommitBody(Body):
    """A commit that is handed in."""

    revision: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")] = Field(
        description="The commit's full hash."
    )
    parents: list[Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]] = Field(
        default_factory=list, max_length=PARENTS_MAX, description="Full hashes of its parents."
    )
    author: Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS_MAX)] = Field(
        examples=["Jane Doe <jane@example.org>"], description="Who wrote it: a name and an address."
    )
    committed_at: AwareDatetime = Field(strict=False, description="When it was committed, with the offset from UTC.")
    message: Annotated[str, StringConstraints(max_length=MESSAGE_CHARACTERS_MAX)] = Field(
        description="The whole message."
    )
    files: list[Annotated[str, StringConstraints(max_length=4_096)]] = Field(
        default_factory=list, max_length=FILES_MAX, description="Paths that it touched."
    )


class PushBody(Body):
    """Commits that are new on a branch, oldest first; the last becomes its head."""

    branch: Name = Field(examples=["main"], description="The branch that has moved.")
    commits: list[CommitBody] = Field(min_length=1, max_length=COMMITS_MAX, description="The commits, oldest first.")


class ReasonBody(Body):
    """The body of a command that takes only a reason."""

    reason: Text = Field("", examples=["made a mistake"], description="Why, for people.")


class RebuildBody(Body):
    """How a build is to be repeated."""

    reason: Text = Field("", examples=["flaky?"], description="Why, for people.")
    priority: int | None = Field(
        None, ge=-PRIORITY_LIMIT, le=PRIORITY_LIMIT, description="Higher is sooner. Default: the builder's."
    )
    obtained: bool = Field(True, description="The very revisions it got; false: what was asked for then.")


class PriorityBody(Body):
    """A request's new priority."""

    priority: int = Field(ge=-PRIORITY_LIMIT, le=PRIORITY_LIMIT, description="Higher is sooner.", examples=[10])


class EnrollmentBody(Body):
    """A one-use token for a new worker."""

    worker: Name | None = Field(None, description="The only name it may be used for; null: any that is configured.")
    life_seconds: int = Field(3_600, ge=10, le=3_600, description="For how long it may be used, in seconds.")


class SessionBody(Body):
    """What somebody signs in with."""

    token: str = Field(
        min_length=1,
        max_length=512,
        description="The local admin token, which stands in the server's state directory, or a code of"
        " `buildledger sign-in`, which is good once.",
    )


class ConfigTextBody(Body):
    """A resolved configuration, as `buildledger config diff` sends it."""

    text: Annotated[str, StringConstraints(max_length=CONFIG_CHARACTERS_MAX)] = Field(
        description="The canonical JSON of the resolved configuration."
    )


class RollbackBody(Body):
    """Which earlier configuration to put in force again."""

    revision: int = Field(ge=1, le=POSITION_MAX, description="Its number.", examples=[7])
    expected_revision: int | None = Field(
        None, ge=0, le=POSITION_MAX, description="Refused unless this one is in force. Default: whatever is."
    )
    message: Text = Field("", description="Why, for the history.", examples=["the new image has no git"])


class ConfigBody(ConfigTextBody):
    """A resolved configuration, as `buildledger config apply` sends it."""

    origin: Text = Field(description="The file it comes from.", examples=["/etc/buildledger/buildledger.yaml"])
    expected_revision: int | None = Field(
        None, ge=0, description="Refused unless this one is in force; 0: none is. Default: whatever is."
    )
    message: Text = Field("", description="Why, for the history.", examples=["more memory"])
