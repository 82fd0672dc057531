"""psycopg2: text results by libpq, client-side parameters, server-side cursors, COPY, extras."""

import datetime
import decimal
import io
import uuid

import psycopg2
import psycopg2.extras
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from report import check, dsn

c = psycopg2.connect(dsn())
c.autocommit = True
psycopg2.extras.register_uuid()


def ask(query, params=None):
    with c.cursor() as cur:
        cur.execute(query, params)
        return cur.fetchall() if cur.description else cur.statusmessage


def dict_rows(query):
    with c.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cur:
        cur.execute(query)
        return [dict(r) for r in cur]


def described(query):
    with c.cursor() as cur:
        cur.execute(query)
        return [[d.name, d.type_code, d.internal_size, d.precision, d.scale, d.table_oid is not None, d.table_column] for d in cur.description]


def called(name, params):
    with c.cursor() as cur:
        cur.callproc(name, params)
        return cur.fetchall()


def ran(name, run):
    check(name, run, lambda: c.rollback())


VALUES = [
    True, 42, 2**40, 1.5, decimal.Decimal("12.3400"), "größe'\\", b"\x00\xff", datetime.date(2024, 2, 29), datetime.time(1, 2, 3),
    datetime.datetime(2024, 2, 29, 1, 2, 3, 456789), datetime.timedelta(days=3, seconds=4), uuid.UUID(int=7), [1, 2], ["a", "b,c"], (1, "x"),
    psycopg2.extras.Json({"a": 1}), psycopg2.extras.NumericRange(1, 5), None,
]
for value in VALUES:
    ran(f"value {type(value).__name__} {value!r:.40}" if not isinstance(value, psycopg2.extras.Json) else "value Json",
        lambda: ask("SELECT %s AS v, pg_typeof(%s)::text", (value, value)))

ask("CREATE TABLE t (id serial PRIMARY KEY, name text, n numeric)")
ran("execute_values", lambda: psycopg2.extras.execute_values(c.cursor(), "INSERT INTO t (name, n) VALUES %s RETURNING id", [("a", 1), ("b", None)], fetch=True))
ran("execute_batch", lambda: psycopg2.extras.execute_batch(c.cursor(), "INSERT INTO t (name, n) VALUES (%s, %s)", [("c", 3), ("d", 4.5)]))


def copied(query, data=""):
    with c.cursor() as cur:
        stream = io.StringIO(data)
        cur.copy_expert(query, stream)
        return [cur.rowcount, None if data else stream.getvalue()]


ran("copy in", lambda: copied("COPY t (name, n) FROM STDIN", data="x\t1\ny\t\\N\n"))
ran("copy out", lambda: copied("COPY t TO STDOUT"))
ran("copy csv", lambda: copied("COPY t TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *)"))


def named_cursor():
    c.autocommit = False
    try:
        with c.cursor("walk") as cur:
            cur.itersize = 2
            cur.execute("SELECT id, name FROM t ORDER BY id")
            return [row for row in cur]
    finally:
        c.rollback()
        c.autocommit = True


ran("named cursor", named_cursor)


def transaction():
    other = psycopg2.connect(dsn())
    other.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True, deferrable=False)
    cur = other.cursor()
    cur.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
    shown = [cur.fetchone(), other.get_transaction_status()]
    try:
        cur.execute("INSERT INTO t (name) VALUES ('z')")
    except psycopg2.Error as error:
        shown.append([type(error).__name__, error.pgcode, error.pgerror])
    shown.append(other.get_transaction_status())
    other.close()
    return shown


ran("transaction", transaction)
ran("real dict", lambda: dict_rows("SELECT id, name FROM t ORDER BY id LIMIT 2"))


ran("description", lambda: described("SELECT id, name, n, n + 1 FROM t"))
ran("composite", lambda: [psycopg2.extras.register_composite("t", c).attnames, ask("SELECT t FROM t WHERE id = 1")])
ran("notices", lambda: [ask("DROP TABLE IF EXISTS not_there"), c.notices[-1:]])
ran("unique error", lambda: ask("INSERT INTO t (id) VALUES (1)"))
ran("undefined function", lambda: ask("SELECT no_such(1)"))
ran("callproc", lambda: called("upper", ["abc"]))


ran("mogrify", lambda: c.cursor().mogrify("SELECT %s", ("a\\b",)))
ran("encoding", lambda: [c.set_client_encoding("LATIN1"), c.encoding, ask("SELECT 'ü'"), c.set_client_encoding("UTF8"), c.encoding])
ran("hstore oids", lambda: psycopg2.extras.HstoreAdapter.get_oids(c))


def large_object():
    c.autocommit = False
    try:
        return c.lobject(0, "w").oid > 0
    finally:
        c.rollback()
        c.autocommit = True


ran("large object", large_object)
ran("reset", lambda: c.reset())
