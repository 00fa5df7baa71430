"""`buildledger init`."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from buildledger.cli.repository import Repository, repository_at
from buildledger.config.init.detect import detect
from buildledger.config.init.document import FILE_NAME, write
from buildledger.config.init.recipe import Recipe

WHERE_FROM = {
    "uv": "https://docs.astral.sh/uv",
    "python3": "your system's package `python3`, with `python3-venv` on Debian",
    "go": "https://go.dev/dl",
    "cargo": "https://rustup.rs",
    "node": "https://nodejs.org",
    "npm": "https://nodejs.org",
    "npx": "https://nodejs.org",
    "cmake": "your system's package `cmake`",
    "make": "your system's package `make`",
}
"""For programs that a recipe may need; others are named alone."""

EPILOG = f"""\b
Examples:
  buildledger init          writes {FILE_NAME} into the root of the repository
  buildledger serve         then builds what is committed, at once and after each commit

\b
Exit codes: 0 it is written; 1 it isn't, and the last line says why; 2 the arguments are wrong.
"""


@click.command(epilog=EPILOG)
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--print", "print_only", is_flag=True, help="Print the configuration on standard output; write nothing.")
@click.option("--force", is_flag=True, help=f"Write it also if {FILE_NAME} is there already.")
def init(directory: Path, print_only: bool, force: bool) -> None:
    """Write a first configuration for the git repository that DIRECTORY is in.

    What is committed decides what it says: Python (pytest, unittest, tox, nox; pip, uv, Poetry, Hatch), Go, Rust,
    Node.js (npm, pnpm, yarn), CMake with CTest, and Make are known. Anything else gets a file to fill in. The file is
    short and yours to change.
    """
    repository = repository_at(directory.resolve())
    recipes = detect(repository.tree(), lambda program: shutil.which(program) is not None)
    text = write(recipes, project=repository.name, remote=repository.remote)
    if print_only:
        click.echo(text, nl=False)
        return
    file = repository.root / FILE_NAME
    _place(file, text, force=force)
    click.echo("\n".join(_report(repository, recipes, file)))


def _place(file: Path, text: str, *, force: bool) -> None:
    """Write the file whole or not at all.

    Raises:
        click.ClickException: It is there already, or can't be written.
    """
    if not force and os.path.lexists(file):
        raise click.ClickException(
            f"{file} is there already, and stays as it is: `buildledger serve` takes it up; --print shows what would be"
            " written, --force writes it"
        )
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise click.ClickException(
            f"{file} can't be written: {error.strerror}; `buildledger init --print > FILE` and `buildledger serve"
            " --config FILE` do without"
        ) from None
    finally:
        beside.unlink(missing_ok=True)


def _report(repository: Repository, recipes: Sequence[Recipe], file: Path) -> list[str]:
    """What was found, what was written, what may be in the way, and what to do next."""
    lines = [f"{repository.root}, {_state(repository)}:"]
    for recipe in recipes:
        where = "" if recipe.directory == "." else f"{recipe.directory}/: "
        lines.append(f"  {recipe.language:<10} {where}{', '.join(recipe.found)}")
    if not recipes:
        lines.append("  nothing that says how it is built: the file has an example to fill in")
    lines += ["", f"Written: {file}"]
    lines += [f"Note: {note}" for note in _notes(repository, recipes)]
    here = Path.cwd().resolve()
    go_there = "" if here == file.parent or file.parent in here.parents else f"cd {shlex.quote(str(file.parent))} && "
    return [*lines, "", f"Next:    {go_there}buildledger serve"]


def _state(repository: Repository) -> str:
    commit = "no commit yet" if repository.head is None else f"commit {repository.head[:10]}"
    return f"{commit}, detached" if repository.branch is None else f"branch {repository.branch}, {commit}"


def _notes(repository: Repository, recipes: Sequence[Recipe]) -> list[str]:
    notes = repository.notes()
    for program in dict.fromkeys(program for recipe in recipes for program in recipe.needs):
        if shutil.which(program) is None:
            source = f" ({WHERE_FROM[program]})" if program in WHERE_FROM else ""
            notes.append(f"{program} isn't on this machine's PATH, and the build needs it: install it first{source}")
    return notes
