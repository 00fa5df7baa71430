"""The ledger's tables and its one writing function in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

from eventsourcing.persistence import StoredEvent
from psycopg.types.numeric import Int8

from buildledger.ledger.store import CommandRecord, leaf_of, stream_of

FORMAT = 1
MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(hashtext('buildledger'), hashtext('migrate'))"

TABLES = """
CREATE SCHEMA ledger;

CREATE TABLE ledger.format (number integer NOT NULL);
INSERT INTO ledger.format VALUES (1);

CREATE TABLE ledger.fact (
    position bigint PRIMARY KEY,
    stream_id uuid NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    UNIQUE (stream_id, version)
);
CREATE INDEX fact_by_name ON ledger.fact (name, position);
CREATE TABLE ledger.chain (
    last_position bigint PRIMARY KEY,
    previous bytea NOT NULL UNIQUE,
    head bytea NOT NULL
);
CREATE TABLE ledger.command (
    command_id uuid PRIMARY KEY,
    digest bytea NOT NULL,
    position bigint NOT NULL,
    fact_count integer NOT NULL
);
CREATE TABLE ledger.checkpoint (
    name text PRIMARY KEY,
    version integer NOT NULL,
    position bigint NOT NULL,
    state bytea NOT NULL
);

CREATE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.fact
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.chain
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.command
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse();

CREATE FUNCTION ledger.append(
    streams uuid[], versions bigint[], names text[], bodies bytea[], leaves bytea[],
    ids uuid[], digests bytea[], ends bigint[], counts bigint[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    base bigint;
    previous bytea;
    head bytea;
    leaf bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('buildledger'), hashtext('append'));
    PERFORM pg_notify('buildledger_facts', '');
    SELECT coalesce(max(f.position), 0) INTO base FROM ledger.fact f;
    IF cardinality(streams) > 0 THEN
        INSERT INTO ledger.fact
            SELECT base + n, s, v, t, b
            FROM unnest(streams, versions, names, bodies) WITH ORDINALITY AS new(s, v, t, b, n);
        SELECT c.head INTO previous FROM ledger.chain c ORDER BY c.last_position DESC LIMIT 1;
        previous := coalesce(previous, decode(repeat('00', 32), 'hex'));
        head := previous;
        FOREACH leaf IN ARRAY leaves LOOP
            head := sha256('\\x01'::bytea || head || leaf);
        END LOOP;
        INSERT INTO ledger.chain VALUES (base + cardinality(streams), previous, head);
    END IF;
    INSERT INTO ledger.command
        SELECT i, d, base + e, c FROM unnest(ids, digests, ends, counts) AS new(i, d, e, c);
    RETURN base;
END $$;
"""

APPEND = (
    "SELECT ledger.append(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[],"
    " %b::uuid[], %b::bytea[], %b::bigint[], %b::bigint[])"
)

SELECT_OF_STREAM: LiteralString = (
    "SELECT position, stream_id, version, name, body FROM ledger.fact WHERE stream_id = %s AND position > %s"
    " AND position <= %s AND (%s::text[] IS NULL OR name = ANY(%s))"
    " ORDER BY CASE WHEN %s THEN -version ELSE version END LIMIT %s"
)
SELECT_IN_ORDER: tuple[LiteralString, LiteralString] = (
    "SELECT position, stream_id, version, name, body FROM ledger.fact WHERE position > %s AND position <= %s"
    " ORDER BY position LIMIT %s",
    "SELECT position, stream_id, version, name, body FROM ledger.fact WHERE position > %s AND position <= %s"
    " ORDER BY position DESC LIMIT %s",
)
"""Ascending, descending."""
SELECT_BY_NAME: tuple[LiteralString, LiteralString] = (
    "(SELECT position, stream_id, version, name, body FROM ledger.fact WHERE name = %s AND position > %s"
    " AND position <= %s ORDER BY position LIMIT %s)",
    "(SELECT position, stream_id, version, name, body FROM ledger.fact WHERE name = %s AND position > %s"
    " AND position <= %s ORDER BY position DESC LIMIT %s)",
)
"""Ascending, descending; one for each name, which the database merges in the order of its index."""
MERGE: tuple[LiteralString, LiteralString] = (
    "SELECT * FROM ({}) AS merged ORDER BY position LIMIT %s",
    "SELECT * FROM ({}) AS merged ORDER BY position DESC LIMIT %s",
)


def append_parameters(facts: Sequence[StoredEvent], commands: Sequence[CommandRecord]) -> tuple[list[Any], ...]:
    """The parameters of the statement `APPEND` for these facts and commands."""
    return (
        [stream_of(fact) for fact in facts],
        [Int8(fact.originator_version) for fact in facts],
        [fact.topic for fact in facts],
        [fact.state for fact in facts],
        [leaf_of(fact) for fact in facts],
        [record.command_id for record in commands],
        [record.digest for record in commands],
        [Int8(record.ends_at) for record in commands],
        [Int8(record.fact_count) for record in commands],
    )
