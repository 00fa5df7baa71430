"""How much one request may say or ask for: the limits that parameters and bodies share."""

from __future__ import annotations

PAGE_DEFAULT = 50
"""Items of a page when nothing else is asked for."""
PAGE_MAX = 500
LISTED_CHARACTERS = 65_536
"""Of a text in a fact that lists and streams show; a large configuration has millions."""
BUILDERS_PAGE_MAX = 10_000
LINES_DEFAULT = 500
"""Lines of a log, as pages of items."""
LINES_MAX = 10_000
SEARCH_HITS_DEFAULT = 100
SEARCH_HITS_MAX = 1_000
POSITION_MAX = 2**53 - 1
"""The largest integer that JavaScript holds exactly."""
NAME_CHARACTERS_MAX = 256
REASON_CHARACTERS_MAX = 1_000
PRIORITY_LIMIT = 1_000_000
"""The highest priority; its negative is the lowest."""
