"""The tables of servers in PostgreSQL, and what lease sessions ask of them."""

TABLES = """
CREATE SCHEMA IF NOT EXISTS servers;
CREATE TABLE IF NOT EXISTS servers.server (
    server_id uuid PRIMARY KEY,
    number integer GENERATED ALWAYS AS IDENTITY,
    term integer NOT NULL,
    host text NOT NULL,
    machine text NOT NULL,
    state text NOT NULL,
    store text NOT NULL,
    roles text[] NOT NULL,
    leads text[] NOT NULL,
    lost boolean NOT NULL,
    renewed_at timestamptz NOT NULL
);
ALTER TABLE servers.server ADD COLUMN IF NOT EXISTS peer_address text;
ALTER TABLE servers.server ADD COLUMN IF NOT EXISTS peer_certificate text;
ALTER TABLE servers.server ADD COLUMN IF NOT EXISTS serves_since timestamptz;
ALTER TABLE servers.server ADD COLUMN IF NOT EXISTS leads_since timestamptz;
CREATE TABLE IF NOT EXISTS servers.store (
    store text PRIMARY KEY,
    host text NOT NULL,
    machine text NOT NULL,
    state text NOT NULL
);
CREATE TABLE IF NOT EXISTS servers.lost (
    server_id uuid PRIMARY KEY,
    host text NOT NULL,
    state text NOT NULL,
    store text NOT NULL,
    roles text[] NOT NULL,
    lost_at timestamptz NOT NULL
);
"""
REGISTER = """
INSERT INTO servers.server (server_id, term, host, machine, state, store, roles, peer_address, peer_certificate,
    leads, lost, renewed_at, serves_since)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '{}', false, clock_timestamp(), clock_timestamp())
ON CONFLICT (server_id) DO UPDATE SET term = excluded.term, lost = false, renewed_at = clock_timestamp()
"""
RETURN = """
UPDATE servers.server SET renewed_at = clock_timestamp() WHERE server_id = %s AND NOT lost RETURNING number
"""
KNOWN_STORE = """
INSERT INTO servers.store VALUES (%s, %s, %s, %s) ON CONFLICT (store) DO UPDATE
SET host = excluded.host, machine = excluded.machine, state = excluded.state
"""
TAKEN_UP = """
DELETE FROM servers.lost WHERE store = %s OR lost_at < clock_timestamp() - interval '1 day'
"""
FORGET_LOST = """
WITH gone AS (DELETE FROM servers.server WHERE server_id = %s AND lost RETURNING *)
INSERT INTO servers.lost SELECT server_id, host, state, store, roles, clock_timestamp() FROM gone
WHERE NOT EXISTS (SELECT FROM servers.server s WHERE s.store = gone.store AND s.server_id <> gone.server_id)
ON CONFLICT (server_id) DO NOTHING
"""
LOST = """
SELECT server_id, host, state, roles, lost_at FROM servers.lost
WHERE lost_at > clock_timestamp() - interval '1 day' ORDER BY lost_at DESC LIMIT 20
"""
RENEW = """
UPDATE servers.server SET renewed_at = clock_timestamp(), leads = %(leads)s,
    leads_since = CASE WHEN %(leads)s::text[] = '{}' THEN NULL WHEN leads = %(leads)s THEN leads_since
        ELSE clock_timestamp() END
WHERE server_id = %(server_id)s AND NOT lost RETURNING 1
"""
ALL = """
SELECT s.server_id, s.host, s.machine, s.state, s.store, s.roles, s.term, s.leads, s.lost,
    s.peer_address, s.peer_certificate, s.serves_since, s.leads_since,
    extract(epoch FROM clock_timestamp() - s.renewed_at)::float8 AS silent,
    EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
        WHERE l.locktype = 'advisory' AND l.classid = %s::int4::oid AND l.objid = s.number::oid AND l.granted) AS held
FROM servers.server s ORDER BY s.number
"""
CLAIM = """
UPDATE servers.server SET lost = true WHERE server_id = %s AND NOT lost
AND renewed_at < clock_timestamp() - %s * interval '1 second' RETURNING term
"""
