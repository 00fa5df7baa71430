"""`buildledger init`: a first configuration for the repository that somebody stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.cli.first_notes import first_notes
from buildledger.cli.installation import default_state, found_config
from buildledger.config.load import check
from tests.cli.conftest import Run
from tests.fakes.repository import Repository

FILE = "buildledger.yaml"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A Go module in a directory whose name has a space and an accent; it is where commands are typed."""
    repository = Repository(tmp_path / "my wïdget")
    repository.commit("the first commit", **{"go.mod": "module acme.example/widget\n"})
    monkeypatch.chdir(repository.path)
    return repository


def test_what_it_says_and_writes(run: Run, repository: Repository) -> None:
    """It says what it found, where the file is and what comes next; the file has no problems."""
    shown = run("init")
    assert shown.exit_code == 0, shown.output
    head = repository.head()[:10]
    assert (
        f"{repository.path}, branch main, commit {head}:\n  Go         go.mod, module acme.example/widget"
        in shown.output
    )
    assert f"Written: {repository.path / FILE}\n" in shown.output
    assert shown.output.endswith("Next:    buildledger serve\n")
    assert "uncommitted" not in shown.output
    assert check(repository.path / FILE) == []
    assert "  my-widget: {git: " in (repository.path / FILE).read_text()


def test_a_file_that_is_there_stays(run: Run, repository: Repository) -> None:
    """Nothing is overwritten unless --force says so; --print writes nothing at all."""
    file = repository.path / FILE
    file.write_text("mine\n")
    assert run("init", "--print").output.startswith("# What Build Ledger builds here.")
    refused = run("init")
    assert refused.exit_code == 1
    assert f"{file} is there already" in refused.output
    assert file.read_text() == "mine\n"
    assert run("init", "--force").exit_code == 0
    assert check(file) == []


def test_from_a_directory_below(run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is the repository's, wherever in it the command is typed, and `serve` finds it there."""
    below = repository.path / "deep" / "down"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    shown = run("init")
    assert shown.output.endswith("Next:    buildledger serve\n"), shown.output
    assert found_config() == repository.path / FILE
    state = default_state()
    monkeypatch.chdir(repository.path)
    assert default_state() == state
    assert repository.path not in state.parents


def test_a_server_that_keeps_its_state_elsewhere(run: Run, repository: Repository, tmp_path: Path) -> None:
    """With --state the file isn't taken by itself; the first start says what to write, before `init` and after it."""
    assert "`buildledger init` writes a first file" in first_notes(tmp_path / "state", None, None)[0]
    assert run("init").exit_code == 0
    assert first_notes(tmp_path / "state", None, None)[0].endswith(f"--config {repository.path / FILE}")


def test_explaining_the_file_that_is_here(run: Run, repository: Repository) -> None:
    """`config explain` takes the file of the repository unless another one is named."""
    without = run("config", "explain", "go")
    assert without.exit_code == 2
    assert "there is no buildledger.yaml here: --config says which file" in without.output
    assert run("init").exit_code == 0
    shown = run("config", "explain", "go")
    assert shown.exit_code == 0, shown.output
    assert "# may run on:\n#   here" in shown.output


def test_of_another_directory(run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """From outside, the next command begins by going there."""
    monkeypatch.chdir(repository.path.parent)
    assert run("init", repository.path).output.endswith("Next:    cd '%s' && buildledger serve\n" % repository.path)  # noqa: UP031


def test_a_file_above_the_repository_is_not_its_own(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write above it can't make `serve` build what they say; outside of any it's the same."""
    (repository.path.parent / FILE).write_text("version: 1\n")
    assert found_config() is None
    elsewhere = repository.path.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert found_config() is None
    assert default_state() == Path("var")


def test_what_is_not_committed_is_not_built(run: Run, repository: Repository) -> None:
    """Only what is committed decides, and how many files are left out is said."""
    (repository.path / "Cargo.toml").write_text("[package]\n")
    (repository.path / "go.mod").write_text("module changed\n")
    shown = run("init")
    assert "what is committed is built; 2 files with uncommitted changes are left out" in shown.output
    assert "Rust" not in shown.output
    assert "module acme.example/widget" in shown.output


def test_before_the_first_commit(run: Run, tmp_path: Path) -> None:
    """What lies there is taken for what will be committed, and the first commit will be built."""
    repository = Repository(tmp_path / "new")
    (repository.path / "Cargo.toml").write_text("[package]\n")
    shown = run("init", repository.path)
    assert shown.exit_code == 0, shown.output
    assert "no commit yet" in shown.output
    assert "nothing is committed yet: the first build starts by itself with the first commit" in shown.output
    assert "Rust" in shown.output


def test_a_detached_head(run: Run, repository: Repository) -> None:
    """Branches are built: which is the first is said, or that there is none."""
    repository.git("checkout", "--quiet", "--detach")
    assert "HEAD is on no branch, and branches are built: the first build is of main" in run("init").output
    repository.git("branch", "-D", "main")
    assert "make one of this commit with `git switch -c NAME`" in run("init", "--force").output


def test_a_worktree_and_a_submodule(run: Run, repository: Repository) -> None:
    """Each is a repository of its own, whose `.git` is a file."""
    repository.git("worktree", "add", "--quiet", "-b", "feature", "../worktree")
    assert "branch feature" in run("init", repository.path.parent / "worktree").output
    outer = Repository(repository.path.parent / "outer")
    outer.git("submodule", "add", "--quiet", str(repository.path), "inner")
    assert run("init", outer.path / "inner").exit_code == 0
    assert (outer.path / "inner" / FILE).is_file()


def test_credentials_of_a_remote_are_not_copied(run: Run, repository: Repository) -> None:
    """The remote stands in a comment, without the password somebody put into it."""
    repository.git("remote", "add", "origin", "https://me:s3cret@git.example/acme/gadget.git")
    written = run("init", "--print").output
    assert "s3cret" not in written
    assert '{git: "https://git.example/acme/gadget.git", poll: 1m}' in written
    assert "  gadget: {git: " in written


def test_a_program_that_is_missing(run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the build needs and this machine hasn't is said before anything is built, and where it comes from."""
    bare = repository.path.parent / "bin"
    bare.mkdir()
    (bare / "git").symlink_to("/usr/bin/git")
    monkeypatch.setenv("PATH", str(bare))
    assert "Note: go isn't on this machine's PATH, and the build needs it: install it first (https://go.dev/dl)" in (
        run("init").output
    )
    (bare / "git").unlink()
    shown = run("init")
    assert (shown.exit_code, shown.output) == (
        1,
        "Error: git isn't installed, and Build Ledger builds from git repositories\n",
    )


@pytest.mark.parametrize(
    ("place", "said"),
    [(".", "is in no git repository"), ("my wïdget/.git", "inside a repository's own .git")],
    ids=["nowhere", "in .git"],
)
def test_where_there_is_nothing_to_build(run: Run, repository: Repository, place: str, said: str) -> None:
    """One line says what is missing, with exit code 1; nothing is written."""
    shown = run("init", repository.path.parent / place)
    assert shown.exit_code == 1
    assert said in shown.output
    assert "\n" not in shown.output.strip()


def test_a_place_that_cannot_be_written_to(run: Run, repository: Repository) -> None:
    """The reason is said, and what does without; nothing half is left."""
    (repository.path / FILE).mkdir()
    shown = run("init", "--force")
    assert shown.exit_code == 1
    assert "can't be written" in shown.output
    assert "--print" in shown.output
    assert sorted(path.name for path in repository.path.iterdir()) == [".git", FILE, "go.mod"]
