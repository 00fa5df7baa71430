"""Hardened git command lines: the same arguments and environment for whoever runs them, worker or poller."""

from __future__ import annotations

import shlex

from buildledger.sources.git.address import ALWAYS_ALLOWED, Address

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.excludesFile=/dev/null",
    "core.fsmonitor=false",
    "core.longPaths=true",
    "core.quotePath=false",
    "core.sparseCheckout=false",
    "core.askPass=",
    "credential.helper=",
    "protocol.version=2",
    "submodule.recurse=false",
    "advice.detachedHead=false",
    "gc.autoDetach=false",
)
"""No program of the repository's, no questions, no other repositories, nothing left running behind; no attributes and
no ignored files but the repository's own, and every file of a revision, whatever an account or an earlier build set."""

SETTINGS = tuple(argument for setting in _SETTINGS for argument in ("-c", setting))

INHERITED = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_SYSTEM",
    "GIT_ASKPASS",
    "GIT_ATTR_SOURCE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DEFAULT_HASH",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_PREFIX",
    "GIT_PROXY_COMMAND",
    "GIT_QUARANTINE_PATH",
    "GIT_REDIRECT_STDERR",
    "GIT_REDIRECT_STDOUT",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_SSH",
    "GIT_SSH_VARIANT",
    "GIT_TEMPLATE_DIR",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_CURL_VERBOSE",
    "SSH_ASKPASS",
)
"""Variables that would lead git elsewhere; never handed down."""


def git(*arguments: str) -> tuple[str, ...]:
    """A git command that runs nothing that a repository brings along."""
    return ("git", *SETTINGS, *arguments)


def in_clone(*arguments: str) -> tuple[str, ...]:
    """A git command in the clone that it is started in, and never in a repository further up if there is none.

    It is given no `-C`: a directory that it is started in is opened by the worker, which follows no link out of the
    build's directory, while git would follow one that somebody has put there meanwhile.
    """
    return git("--git-dir=.git", "--work-tree=.", *arguments)


def environment(address: Address | None = None) -> dict[str, str]:
    """The variables of every git command; with the protocols that the configured `address` may lead to."""
    return {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": address.protocols if address else ":".join(ALWAYS_ALLOWED),
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes",
    }


def serving(address: Address) -> tuple[str, ...]:
    """What a fetch has to be told of the far end.

    A repository in the file system may belong to somebody else than who runs git. The configuration named it, so
    exactly that path is declared safe, to the git that serves it: settings of the fetching git don't reach that one.
    """
    if address.path is None:
        return ()
    safe = shlex.quote(f"safe.directory={address.path}")
    inner = shlex.quote(f"safe.directory={address.path.rstrip('/')}/.git")
    return (f"--upload-pack=git -c {safe} -c {inner} upload-pack",)
