"""The step `checkout`: bring a source's revision into the build's directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from buildledger.config.fields.field_types import Boolean, PartialClone, RelativePath, Text, WholeBetween
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.references.filling import Filling
from buildledger.config.steps.step import (
    StepBase,
    StepModel,
    StepScope,
    Timeout,
    TimeoutField,
    TimeoutModel,
    process_features,
)
from buildledger.sources.systems import SYSTEMS


class CheckoutStep(StepBase, frozen=True, kw_only=True, tag="checkout"):
    """Bring a source's revision into the build's directory."""

    source: str
    into: str = "."
    """Directory relative to the build's, `/`-separated, without `..`."""
    mode: Literal["incremental", "full"] = "incremental"
    method: Literal["clobber", "fresh", "clean", "copy"] | None = None
    """How a full checkout gets rid of what was there; None in incremental mode."""
    filter: str | None = None
    """Partial clone: `blob:none`, `tree:0` or `blob:limit=<n>[kmg]`."""
    depth: int | None = None
    """Shallow: so many commits; None: the whole history."""
    submodules: bool = False
    lfs: bool = False
    """Bring the files that git-lfs keeps elsewhere; the worker needs git-lfs. Else their pointers stand there."""
    timeout: Timeout = Timeout()

    FILE_KEYS: ClassVar = {"source": "checkout"}

    def features(self) -> frozenset[str]:
        """Commands without what would lead git elsewhere, and operations on files where it isn't commands alone."""
        elsewhere = ("file_operations",) if self.into != "." or self.method in ("clobber", "copy") else ()
        return process_features({}, self.timeout, "unset_env", *elsewhere)


class CheckoutModel(StepModel):
    """Bring a source's revision into the build's directory."""

    unbuilt: ClassVar = StepModel.unbuilt | {"sparse", "credentials"}
    KEY = "checkout"
    STORED = CheckoutStep

    checkout: Text
    """The source."""
    into: RelativePath = "."
    """Directory inside the build's."""
    mode: Literal["incremental", "full"] = "incremental"
    """`full` gets rid of what was there before."""
    method: Literal["clobber", "fresh", "clean", "copy"] | None = None
    """How, in full mode: remove everything, all that isn't committed (the default), that and isn't ignored, or build
    in a copy."""
    filter: PartialClone | None = None
    """Partial clone."""
    depth: Annotated[int, WholeBetween(1, 1_000_000)] | None = None
    """Shallow: so many commits."""
    submodules: Boolean = False
    """Bring submodules too, and theirs."""
    lfs: Boolean = False
    """Bring the files that git-lfs keeps elsewhere; the worker needs git-lfs."""
    timeout: TimeoutField = TimeoutModel()
    """When its programs are stopped: after so long altogether, or `no_output` and `total` apart."""

    def check(self, scope: StepScope) -> None:
        """Its source has to be there, and a method needs the mode in which it means something."""
        if self.checkout not in scope.sources:
            message = f"there is no source '{self.checkout}'{did_you_mean(self.checkout, scope.sources)}"
            hint = f"sources: {listed(scope.sources)}" if scope.sources else "declare it under 'sources'"
            scope.report("unknown-source", message, hint, "checkout")
        self._check_system(scope)
        if self.method is not None and self.mode == "incremental":
            message = f"method '{self.method}' means something in full mode only"
            scope.report("checkout-method", message, "add 'mode: full'", "method", at_key=True)

    def _check_system(self, scope: StepScope) -> None:
        system = SYSTEMS.get(scope.sources.get(self.checkout, ""))
        if system is not None:
            for key in sorted(self.model_fields_set & system.UNUSABLE_CHECKOUT_KEYS):
                message = f"'{key}' means nothing to a source of the kind '{system.KEY}'"
                scope.report("checkout-method", message, "take it out", key, at_key=True)

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return CheckoutStep(
            **common,
            source=self.checkout,
            into=self.into,
            mode=self.mode,
            method=self.method or ("fresh" if self.mode == "full" else None),
            filter=self.filter,
            depth=self.depth,
            submodules=self.submodules,
            lfs=self.lfs,
            timeout=self.timeout.resolve(),
        )

    def default_name(self, filling: Filling) -> str:
        """`checkout widget`."""
        return f"checkout {self.checkout}"


MODEL = CheckoutModel
