"""The trial of Buildbot's manual itself: what it finds on a page, what it makes of it, and that it sees a fault."""

from __future__ import annotations

import pytest

from buildledger.config.convert.buildbot.account import Kind
from tests.config.convert.buildbot.manual import printed
from tests.config.convert.buildbot.manual.samples import samples
from tests.config.convert.buildbot.manual.trial import Result, Trial, attempt

PAGE = """\
A step stands by itself::

  not a line of Python at all

.. code-block:: python

  from buildbot.plugins import steps

  f.addStep(steps.ShellCommand(command=['make', Property('target')]))

A scheduler's parts are left out, and a comma is missing:

.. code-block:: python

  sched = Scheduler(...,
      name='quick'
      builderNames=['one'])

.. code-block:: python

  def nothing(requests):
      return requests

.. code-block:: python

  IntParameter(name='level', default=2)
"""


@pytest.fixture(scope="module")
def trials(buildbot_python: str, tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    """The samples of the page, each tried."""
    directory = tmp_path_factory.mktemp("manual")
    page = directory / "docs" / "manual" / "configuration" / "page.rst"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE)
    found = samples(directory)
    return [attempt(each, buildbot_python, directory / str(number)) for number, each in enumerate(found)]


def test_a_page_s_samples_are_found_and_tried(trials: list[Trial]) -> None:
    """Each block stands with its line; what is left out or missing is put right; what defines a function is nothing."""
    assert [(each.sample.place.rpartition(":")[2], each.result) for each in trials] == [
        ("1", Result.NO_PYTHON),
        ("5", Result.CONVERTED),
        ("13", Result.CONVERTED),
        ("19", Result.NOTHING),
        ("24", Result.CONVERTED),
    ]


def test_only_what_a_sample_has_made_is_counted(trials: list[Trial]) -> None:
    """The builders and workers that a sample is given, so that it can be loaded, are no things of the manual."""
    _, step, scheduler, _, parameter = trials
    assert [entry.kind for entry in step.entries] == [Kind.STEPS]
    assert [(entry.kind, entry.name) for entry in scheduler.entries] == [
        (Kind.SCHEDULERS, "SingleBranchScheduler 'quick'")
    ]
    assert parameter.entries == []


@pytest.mark.parametrize("text", ["f.addStep(x y z)\n", "return 1 +\n", "{..., 'a': }\n"])
def test_what_no_comma_helps_is_no_python(text: str) -> None:
    """Text that can't be read is counted as that, and never guessed at."""
    assert printed.python(text) is None
