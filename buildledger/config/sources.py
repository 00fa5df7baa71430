"""Addresses of repositories: which are taken, and what a relative path means."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from urllib.parse import urlsplit

from buildledger.config import models, resolved
from buildledger.config.document import Document
from buildledger.config.problems import Path

SCHEMES = ("https", "http", "ssh", "git", "file")
_SCP_LIKE = re.compile(r"(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*@)?[A-Za-z0-9_.][A-Za-z0-9_.-]*:(?!//|-)[^\s\\]+\Z")


def resolve(document: Document, name: str, model: models.GitSource, directory: FilePath) -> resolved.Source:
    """A source with an absolute address; the document has the problems."""
    path: Path = ("sources", name, "git")
    url = model.git.rstrip("/") or model.git
    if url.startswith(("/", "./", "../")) or url in (".", ".."):
        repository = (directory / url).resolve()
        if not repository.is_dir():
            message = f"there is no repository at {repository}"
            document.add("repository", path, message, f"paths are relative to {directory}", warning=True)
        url = repository.as_uri()
    elif fault := _fault(url):
        document.add("repository", path, *fault)
    return resolved.Source(
        name=name,
        kind="git",
        url=url,
        poll_seconds=model.poll,
        branches=tuple(model.branches),
        default_branch=model.default_branch,
    )


def _fault(url: str) -> tuple[str, str] | None:
    """Message and hint for an address that isn't taken."""
    if not url or url.startswith("-") or any(character.isspace() for character in url):
        return "this is no address of a repository", "https://…, ssh://…, user@host:path, file:///… or ./path"
    if "::" in url.partition("/")[0]:
        return "remote helpers such as 'ext::' run commands and aren't taken", "use https or ssh"
    if "://" not in url:
        if _SCP_LIKE.match(url):
            return None
        return f"'{url}' is no address of a repository", "a path begins with ./, ../ or /"
    try:
        parts = urlsplit(url)
        host, password = parts.hostname, parts.password
    except ValueError as error:
        return f"this is no address: {error}", ""
    if parts.scheme not in SCHEMES:
        return f"the scheme '{parts.scheme}' isn't taken", f"one of {', '.join(SCHEMES)}"
    if parts.scheme == "file" and (host or not parts.path.startswith("/")):
        return "a file address has three slashes, then the absolute path", "file:///srv/git/widget.git"
    if password is not None or (parts.username and parts.scheme in ("http", "https")):
        return "credentials don't belong into an address: it is shown on pages and in logs", "take them out"
    if parts.scheme != "file" and (not host or host.startswith("-") or (parts.username or "").startswith("-")):
        return "this address has no host", ""
    return None
