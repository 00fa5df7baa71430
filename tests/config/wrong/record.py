"""Records what is said of each wrong file; see this package's docstring."""

from __future__ import annotations

from tests.config.wrong import FILES, answer, expected


def main() -> None:
    for file in FILES:
        expected(file).write_text(answer(file))


if __name__ == "__main__":
    main()
