"""The recipes of the cookbook, and the files of the guide, do what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from buildledger.config.load import resolve_text
from tests.manual.recipes import Recipe, read
from tests.manual.site import REPOSITORY, ManualSite

PAGES = {name: REPOSITORY / "docs" / f"{name}.md" for name in ("cookbook", "guide")}
RECIPES = [recipe for page in PAGES.values() for recipe in read(page)]
RECIPES_MIN = 25
"""In the cookbook."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManualSite]:
    """One server for all recipes: applying the next one disturbs nothing that both have."""
    site = ManualSite(tmp_path_factory.mktemp("manual"))
    try:
        site.start()
        yield site
    finally:
        site.stop()


def test_no_recipe_is_left_out() -> None:
    """Each heading of a recipe has a file below it and says what it brings about."""
    headings = [title for page in PAGES.values() for title in re.findall(r"^### (.*)$", page.read_text(), re.MULTILINE)]
    assert [recipe.title for recipe in RECIPES] == headings
    assert len(read(PAGES["cookbook"])) >= RECIPES_MIN


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_recipe_has_no_problems(recipe: Recipe) -> None:
    """As it stands on the page: nothing is even warned of."""
    _, problems = resolve_text(recipe.text, file="ci.yaml", directory=REPOSITORY, secrets_required=False)
    assert [str(problem) for problem in problems] == []


@pytest.mark.xdist_group("cookbook")
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_a_recipe_builds_what_it_says(site: ManualSite, recipe: Recipe) -> None:
    """On a real server, with repositories and workers of this machine in the place of those it names."""
    assert site.run(recipe) == recipe.builds
