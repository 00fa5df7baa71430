"""The loaded configuration: everything expanded, checked and immutable, for reactors, steps, pollers and the API.

Nothing here knows of files or lines. Matrices are expanded into one `Builder` a cell (`tests[3.12,linux]`), templates
are inlined, builder names in triggers are cell names, durations are seconds. What can only be known when a build is
put together is left as a node of `values.py` and evaluated by `evaluation/evaluate.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Literal

import msgspec

from buildledger.config.grant import Grant
from buildledger.config.inputs import InputSpec
from buildledger.config.lock_uses import LockUse
from buildledger.config.machines import Start
from buildledger.config.secrets.settings import Secrets
from buildledger.config.steps.kinds import Step
from buildledger.config.values import Expression, Value

CONFIGURATION_FORMAT = 3
"""Of the stored text. Whoever changes what is stored raises it; `stored.py` says what else there is to do."""


DEFAULT_TITLE = "Build Ledger"
"""Of a server that nobody gave one."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says about itself."""

    title: str
    url: str | None = None
    """The address people reach it under, without a trailing slash; None: whatever they used."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A source: one repository, how it is polled and which of its branches count."""

    name: str
    kind: str
    """Its version-control system, by the key in `sources/systems.py`."""
    url: str
    """`https://`, `http://`, `ssh://`, `git://`, `file:///absolute` or scp-like `user@host:path`; never a `-` first."""
    poll_seconds: float | None = 60.0
    """None: not polled."""
    branches: tuple[str, ...] = ("**",)
    """Which branches are followed; patterns of `globs.py`."""
    default_branch: str | None = None
    """What is built when nobody names a branch; None: where the repository's HEAD points."""


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that may connect under this name, or that the server starts."""

    name: str
    labels: Mapping[str, str]
    capacity: int = 1
    """Builds that may run on it at the same time."""
    missing_seconds: float | None = 600.0
    """It is missing when it has been away for so long; None: never."""
    start: Start | None = None
    """How the server starts it; None: it comes by itself."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """What builders belong to, for people."""

    name: str
    title: str
    description: str = ""
    url: str | None = None
    """Where more of it is to be found."""


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """Something that only so many builds may use at the same time, on whatever worker they run."""

    name: str
    count: int = 1


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """When a build that didn't answer its request is tried again."""

    on: tuple[Literal["infrastructure"], ...] = ("infrastructure",)
    """Empty: never."""
    max: int = 2
    """Attempts after the first one."""


class Builder(msgspec.Struct, frozen=True, kw_only=True, weakref=True):
    """One thing that can be built: a builder of the file, or one cell of its matrix."""

    name: str
    """`tests`, or `tests[3.12,linux]` for a cell: values in the order of the axes."""
    base: str
    """The name in the file: `tests`."""
    matrix: Mapping[str, str | int | bool]
    """This cell's values, for `matrix.*` in expressions; empty without a matrix."""
    project: str | None = None
    protected: bool = False
    """Defined by the central configuration alone: no repository's own file may change it, or have it built."""
    description: str = ""
    tags: tuple[str, ...] = ()
    inputs: Mapping[str, InputSpec]
    """The builder's own, and those its manual triggers ask for."""
    input_names: tuple[str, ...] = ()
    """The inputs in the order of the file, in which people are asked for them."""
    properties: Mapping[str, Value]
    """Set before the first step, in any order: they can't refer to each other."""
    steps: tuple[Step, ...]
    sources: tuple[str, ...]
    """What its steps check out, in the order of the steps, each once."""
    worker: Expression | None = None
    """True for the workers it may run on; None: any."""
    when: Expression | None = None
    """A trigger's request is made only if this is true; None: always."""
    timeout_seconds: float | None = None
    """A build that has run for so long is stopped and fails; None: it may take as long as it does."""
    collapse: Literal["never", "same-branch", "same-revision"] = "same-branch"
    """Which of its waiting requests one build may serve."""
    retry: Retry = Retry()
    locks: tuple[LockUse, ...] = ()
    """Held from the first step to the last."""
    priority: int | Expression = 0
    """Higher is sooner."""
    pick: Literal["same-as-last", "longest-idle", "least-busy", "most-busy"] | Expression = "same-as-last"
    """Which of several free workers gets a build; of an expression, the one for which it gives the highest number."""

    def ordered_inputs(self) -> dict[str, InputSpec]:
        """The inputs as people are asked for them; by name where a stored configuration has lost their order."""
        names = dict.fromkeys((*self.input_names, *sorted(self.inputs)))
        return {name: self.inputs[name] for name in names}


class ChangeTrigger(msgspec.Struct, frozen=True, kw_only=True, tag_field="on", tag="change"):
    """Build what was committed."""

    name: str
    build: tuple[str, ...]
    """Builder names, matrices expanded."""
    source: str
    branches: tuple[str, ...] = ("**",)
    settle_seconds: float = 0.0
    """Wait until the branch has been quiet for so long."""


class ManualTrigger(msgspec.Struct, frozen=True, kw_only=True, tag_field="on", tag="manual"):
    """Build when a person asks."""

    name: str
    build: tuple[str, ...]
    inputs: Mapping[str, InputSpec]


class CronTrigger(msgspec.Struct, frozen=True, kw_only=True, tag_field="on", tag="cron"):
    """Build at set times."""

    name: str
    build: tuple[str, ...]
    at: str
    """Five fields, as cronsim reads them."""
    zone: str = "UTC"
    """An IANA time zone."""
    only_if_changed: bool = False
    """Only if a source of the builder has moved since its last build by this trigger."""
    branch: str | None = None
    """None: each source's default branch."""


class SuccessTrigger(msgspec.Struct, frozen=True, kw_only=True, tag_field="on", tag="success"):
    """Build once all the named builders have succeeded for the same source stamps."""

    name: str
    build: tuple[str, ...]
    of: tuple[str, ...]
    """Builder names, matrices expanded: all of them have to succeed."""
    condition: Expression | None = None
    """`if` in the file: asked of the build that completed the set, through `build.*`; None: always."""


Trigger = ChangeTrigger | ManualTrigger | CronTrigger | SuccessTrigger


class RepoPipeline(Grant, frozen=True, kw_only=True):
    """What the file of a repository may define, and what its builders are held to."""

    path: str
    """Of the file, relative to the repository."""
    branches: tuple[str, ...]
    """Branches whose files count; patterns of `globs.py`."""
    config_from: Literal["base", "head"]
    """Whose file counts for what isn't merged."""
    sources: tuple[str, ...]
    """Besides its own."""
    project: str | None
    """What its builders belong to."""


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """What generated a pipeline, and whose grants hold for it."""

    builder: str
    """Whose step generated it."""
    step: str
    """By name."""
    depth: int
    """From 1; counts the generations before it, and itself."""
    source: str | None = None
    """The repository whose file has the first of the generating builders; None: the configuration has it."""
    root: str | None = None
    """The first of the generating builders, if the configuration has it."""
    root_step: str | None = None


class Configuration(msgspec.Struct, frozen=True, kw_only=True, dict=True, weakref=True):
    """All that one configuration file says. Equal content has the same canonical text and digest."""

    format: int = CONFIGURATION_FORMAT
    server: Server
    secrets: Secrets
    sources: Mapping[str, Source]
    workers: Mapping[str, Worker]
    projects: Mapping[str, Project] = msgspec.field(default_factory=dict)
    """Those that the file describes; if it describes none, builders may belong to any."""
    locks: Mapping[str, Lock]
    builders: Mapping[str, Builder]
    triggers: Mapping[str, Trigger]
    """By their names: the file's `name`, or one made of the kind and what it watches (`change-widget`)."""
    repo_pipelines: Mapping[str, RepoPipeline] = msgspec.field(default_factory=dict)
    """By the sources whose repositories have a file of their own."""
    generated: Generation | None = None
    """In a pipeline that a step has generated: which one; None: in every other."""

    def to_json(self) -> str:
        """Canonical text: sorted keys, no white space, every default spelled out so that it keeps its meaning."""
        return self._canonical

    @cached_property
    def _canonical(self) -> str:
        return _encoder.encode(self).decode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hex of its text: the one that it was read from, which may have an earlier format, or `to_json`."""
        return sha256(self.to_json().encode()).hexdigest()

    def read_from(self, digest: str) -> Configuration:
        """Itself, to be known by the digest of the text that it was read from; that text isn't kept."""
        vars(self)["digest"] = digest
        return self

    def anew(self) -> Configuration:
        """The same, known by its canonical text: what is to be stored as a configuration of the newest format."""
        return msgspec.structs.replace(self)

    @property
    def applied_digest(self) -> str:
        """The digest of the configuration that was applied: this one, or the one that this is composed of."""
        return self.digest

    @property
    def pipeline_digest(self) -> str | None:
        """The digest of the repository's pipeline that this is composed with; None: of none."""
        return None


_encoder = msgspec.json.Encoder(order="sorted")
