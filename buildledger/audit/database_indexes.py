"""Whether the indexes of a PostgreSQL lead to the rows that their tables have: a row that none leads to isn't found.

No fact speaks of an index, and PostgreSQL notices a damaged one only where its pages have checksums. Each is read from
one end to the other and compared with its table, which needs no right but to read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa

from buildledger.audit.checks import first_line
from buildledger.wording import plural

TRIES = 20
TRY_SECONDS = 0.5
"""A page can be so damaged that reading it ends the database's process: it is back after a moment."""
INDEXES = """
SELECT n.nspname AS schema, t.relname AS table, i.relname AS index, pg_get_expr(x.indpred, x.indrelid) AS condition,
       array_agg(quote_ident(a.attname) || CASE WHEN x.indoption[k - 1] & 1 = 1 THEN ' DESC' ELSE '' END
                 ORDER BY k) AS keys
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
CROSS JOIN LATERAL generate_series(1, x.indnkeyatts) AS k
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[k - 1]
WHERE n.nspname IN ('ledger', 'proof', 'vault') OR n.nspname LIKE 'view\\_%'
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3
"""
FROM_TABLE = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
FROM_INDEX = ("enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_incremental_sort", "enable_tidscan")
ONE_BY_ONE = (*FROM_INDEX, "enable_hashjoin", "enable_mergejoin", "enable_material", "enable_memoize")
"""What the planner is kept from, to read all rows in the one way or in the other, or to look each up by its keys."""


class DamagedIndex(NamedTuple):
    """An index that can't be relied on."""

    name: str
    table: str
    detail: str


class _Index(NamedTuple):
    schema: str
    table: str
    name: str
    condition: str | None
    keys: list[str]

    @property
    def rows(self) -> str:
        """The rows that it has to lead to."""
        where = f" WHERE {self.condition}" if self.condition else ""
        return f'"{self.schema}"."{self.table}"{where}'

    @property
    def columns(self) -> list[str]:
        """Its keys, whichever way they are sorted."""
        return [key.removesuffix(" DESC") for key in self.keys]

    @property
    def not_found(self) -> str:
        """The rows that aren't found when they are looked up by their keys."""
        keys = [(f"w.key{number}", column) for number, column in enumerate(self.columns)]
        wanted = ", ".join(f"{column} AS {key.removeprefix('w.')}" for key, column in keys)
        known = " AND ".join(f"{column} IS NOT NULL" for column in self.columns)
        same = " AND ".join(f"{column} = {key}" for key, column in keys)
        both = "AND" if self.condition else "WHERE"
        return (
            f"SELECT count(*) FROM"  # noqa: S608 - names from the catalogue
            f" (SELECT ctid AS place, {wanted} FROM {self.rows} {both} {known} OFFSET 0) w"
            f" WHERE NOT EXISTS (SELECT 1 FROM {self.rows} {both} {same} AND ctid = w.place)"
        )

    @property
    def its_keys(self) -> str:
        """The keys of all rows, which the index has by itself."""
        return f"SELECT ROW({', '.join(self.columns)}) AS keys FROM {self.rows} ORDER BY {', '.join(self.keys)}"  # noqa: S608 - the same

    @property
    def in_its_order(self) -> str:
        """These rows in the order that only this index gives without sorting."""
        return f"SELECT ctid, ROW({', '.join(self.columns)}) AS keys FROM {self.rows} ORDER BY {', '.join(self.keys)}"  # noqa: S608 - names from the catalogue


def damaged_indexes(database: str) -> Iterator[DamagedIndex | None]:
    """Each index of the PostgreSQL at this URL: None if it is all right. Its server may go on writing.

    Raises:
        SQLAlchemyError: The database can't be read at all.
    """
    url = sa.make_url(database).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="REPEATABLE READ")
    try:
        with _connected(engine) as connection:
            indexes = [_Index(*row) for row in connection.execute(sa.text(INDEXES))]
        for index in indexes:
            try:
                with _connected(engine) as connection:
                    detail = _problem(connection, index)
            except (sa.exc.SQLAlchemyError, ValueError) as error:
                detail = f"it can't be read: {first_line(error)}"
            name = f"{index.schema}.{index.name}"
            yield DamagedIndex(name, f"{index.schema}.{index.table}", detail) if detail else None
    finally:
        engine.dispose()


@contextmanager
def _connected(engine: sa.Engine) -> Iterator[sa.Connection]:
    for tries_left in reversed(range(TRIES)):
        try:
            connection = engine.connect()
            break
        except sa.exc.OperationalError:
            engine.dispose()
            if not tries_left:
                raise
            time.sleep(TRY_SECONDS)
    with connection, connection.begin():
        yield connection


def _problem(connection: sa.Connection, index: _Index) -> str:
    """What is wrong with an index; all ways of reading see the same state of the table.

    Where the planner insists on another index for the same, that part is left to it.
    """
    _keep_from(connection, FROM_TABLE)
    # how a row stands in its table is its place: what an index leads to is compared by that
    counted = "count(*), coalesce(sum(hashtext(ctid::text)::bigint), 0)"
    rows = f"SELECT {counted} FROM {index.rows}"  # noqa: S608 - names from the catalogue
    there = tuple(connection.exec_driver_sql(rows).one())
    _keep_from(connection, FROM_INDEX)
    if _reads(connection, index.in_its_order, index.name):
        found = connection.exec_driver_sql(
            f"SELECT {counted}, count(*) FILTER (WHERE in_order IS FALSE) FROM"  # noqa: S608 - the same
            f" (SELECT ctid, keys >= lag(keys) OVER () AS in_order FROM ({index.in_its_order} OFFSET 0) o) s"
        ).one()
        if tuple(found[:2]) != there:
            return f"it leads to {plural(found[0], 'row')} instead of {there[0]}, or to others"
        if found[2] and not any(key.endswith(" DESC") for key in index.keys):
            return "it leads to the rows in another order than theirs"
    if _reads(connection, index.its_keys, index.name, way="Index Only Scan"):
        keys = f"SELECT coalesce(sum(hashtext(keys::text)::bigint), 0) FROM ({index.its_keys} OFFSET 0) k"  # noqa: S608
        its_own = connection.exec_driver_sql(keys).scalar_one()
        _keep_from(connection, FROM_TABLE)
        if connection.exec_driver_sql(keys).scalar_one() != its_own:
            return "its keys aren't those of the rows that it leads to"
    _keep_from(connection, ONE_BY_ONE)
    if _reads(connection, index.not_found, index.name, by_key=True):
        lost = connection.exec_driver_sql(index.not_found).scalar_one()
        return f"{plural(lost, 'row')} of {there[0]} can't be found with it" if lost else ""
    return ""


def _keep_from(connection: sa.Connection, ways: tuple[str, ...]) -> None:
    for way in dict.fromkeys((*FROM_TABLE, *ONE_BY_ONE)):
        connection.exec_driver_sql(f"SET LOCAL {way} = {'off' if way in ways else 'on'}")
    connection.exec_driver_sql("SET LOCAL max_parallel_workers_per_gather = 0")


def _reads(connection: sa.Connection, query: str, index: str, *, by_key: bool = False, way: str = "") -> bool:
    """Whether a query is answered with this index; `by_key`: by looking keys up in it; `way`: by this kind of node."""
    (explained,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {query}").scalar_one()
    parts: list[dict[str, Any]] = [explained["Plan"]]
    for part in parts:
        parts.extend(part.get("Plans", ()))
    return any(
        part.get("Index Name") == index
        and ("Index Cond" in part or not by_key)
        and (not way or part["Node Type"] == way)
        for part in parts
    )
