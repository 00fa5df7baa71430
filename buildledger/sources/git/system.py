"""Git behind the port of version-control systems."""

from __future__ import annotations

from pathlib import Path

from buildledger.sources.git import address, checkout, local
from buildledger.sources.git.checkout_run import GitCheckout
from buildledger.sources.git.mirror import GitMirror
from buildledger.sources.port import AddressProblem, Checkout, CheckoutRequest, MirrorCommands


class Git:
    """See `VersionControl`."""

    KEY = "git"
    ADDRESS_HELP = "`https://`, `ssh://`, `user@host:path`, `file:///…`, or a path relative to the configuration file."
    UNUSABLE_CHECKOUT_KEYS: frozenset[str] = frozenset()

    def address_problem(self, url: str) -> AddressProblem | None:
        """Schemes that git knows, without credentials and without remote helpers."""
        return address.problem(url)

    def local_path(self, url: str) -> Path | None:
        """The directory that a `file:///…` address or an absolute path means; None for others."""
        path = address.parse(url).path
        return None if path is None else Path(path)

    def watched_paths(self, repository: Path) -> list[Path]:
        """The files and directories in which git keeps branches, packed or loose."""
        return local.watched_paths(repository)

    def checkout(self, request: CheckoutRequest) -> Checkout:
        """A checkout of things that git can't misunderstand."""
        plan = checkout.plan(
            url=request.url,
            branch=request.branch,
            revision=request.revision,
            source=request.source,
            into=request.into,
            method=request.method,
            filter=request.filter,
            depth=request.depth,
            submodules=request.submodules,
            lfs=request.lfs,
        )
        return GitCheckout(plan, request.no_output_seconds, alone=request.alone, first=request.first)

    def mirror(self, url: str, directory: Path) -> MirrorCommands:
        """The commands for a bare mirror of the address."""
        return GitMirror(address.parse(url), directory)


SYSTEM = Git()
