"""psycopg 3: parameters in text and binary, prepared statements, pipelines, cursors, COPY, types by TypeInfo."""

import datetime
import decimal
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo, register_composite
from psycopg.types.enum import EnumInfo
from psycopg.types.json import Json, Jsonb
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range, RangeInfo

from report import check, dsn

c = psycopg.connect(dsn(), autocommit=True)


def ask(query, params=None, **options):
    return c.execute(query, params, **options).fetchall()


def ran(name, run):
    check(name, run, lambda: c.rollback())


def described(query):
    cur = c.execute(query)
    return [[d.name, d.type_code, d.type_display, d.precision, d.scale, d.internal_size] for d in cur.description]


VALUES = [
    ("bool", True), ("int", 42), ("big", 2**40), ("huge", 2**70), ("float", 1.5), ("decimal", decimal.Decimal("12.3400")),
    ("text", "größe'\\"), ("bytes", b"\x00\xff"), ("date", datetime.date(2024, 2, 29)), ("time", datetime.time(1, 2, 3, 4)),
    ("timestamp", datetime.datetime(2024, 2, 29, 1, 2, 3, 456789)),
    ("timestamptz", datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=datetime.timezone.utc)),
    ("interval", datetime.timedelta(days=3, seconds=4, microseconds=5)), ("uuid", uuid.UUID(int=7)),
    ("json", Json({"a": [1, None]})), ("jsonb", Jsonb({"b": 1, "a": "x"})), ("ints", [1, 2, None]), ("texts", ["a", "b,c", None]),
    ("nested", [[1, 2], [3, 4]]), ("range", Range(1, 5, "[]")), ("multirange", Multirange([Range(1, 3), Range(7, 9)])),
    ("dates", [datetime.date(2024, 1, 1)]), ("none", None), ("none array", [None]), ("empty array", []),
]


def typed(query, value, binary):
    cur = c.cursor(binary=binary).execute(query, (value,))
    return [cur.fetchone()[0], cur.description[0].type_display]


def values():
    for name, value in VALUES:
        for binary in (False, True):
            mark = "%b" if binary else "%t"
            ran(f"value {name} {'binary' if binary else 'text'}", lambda: typed(f"SELECT {mark}", value, binary))


READ = [
    "'{1,2}'::int2[]", "'[2:3]={1,2}'::int4[]", "'NaN'::numeric", "'-Infinity'::float8", "1e-20::numeric", "'infinity'::float4",
    "'24:00'::time", "'12:00+02'::timetz", "'1 year 2 mons -3 days 04:05:06.7'::interval", "'192.168.0.1/24'::inet", "'10.0.0.0/8'::cidr",
    "'08:00:2b:01:02:03'::macaddr", "'abc'::char(5)", "'x'::\"char\"", "'n'::name", "B'1010'", "'(1,2)'::point", "'{\"a\": 1.0}'::jsonb",
    "'[1,2)'::int4range", "'{[1,2)}'::int4multirange", "'[2024-01-01,2024-01-05)'::daterange", "row(1,'a',null)", "12.5::money", "'16/B374D848'::pg_lsn",
    "'pg_class'::regclass", "'int4'::regtype", "7::oid", "'happy'::mood", "3::positive", "'<a/>'::xml", "'a b'::tsvector", "'{{a,b},{c,d}}'::text[]",
    "ARRAY[row(1,'x')]", "'(1,2)'::tid", "'1 2'::int2vector", "'1 2'::oidvector",
]


def reading():
    for expression in READ:
        for binary in (False, True):
            ran(f"read {expression} {'binary' if binary else 'text'}", lambda: c.cursor(binary=binary).execute(f"SELECT {expression}").fetchone()[0])


def prepared():
    statements = lambda: [r[0] for r in ask("SELECT statement FROM pg_prepared_statements WHERE name LIKE '_pg3%' ORDER BY 1")]
    ran("prepared after five", lambda: [ask("SELECT %s + 1", (i,))[0][0] for i in range(8)])
    ran("prepared statements", statements)
    ran("prepare at once", lambda: ask("SELECT id FROM customer WHERE email = %s", ("a",), prepare=True))
    ran("cached plan", lambda: [ask("SELECT * FROM plan_test") for _ in range(7)][-1])
    ran("deallocate all", lambda: c.execute("DEALLOCATE ALL").statusmessage)


def pipeline():
    with c.pipeline() as p:
        first = c.execute("SELECT %s::int", (1,))
        second = c.execute("INSERT INTO plan_test VALUES (3) RETURNING n")
        p.sync()
        return [first.fetchone(), second.fetchone()]


def broken_pipeline():
    states = []
    try:
        with c.pipeline():
            c.execute("SELECT 1")
            c.execute("SELECT 1/0")
            c.execute("SELECT 2")
    except psycopg.Error as error:
        states.append([type(error).__name__, error.sqlstate])
    return states + [c.execute("SELECT 'still here'").fetchone()[0]]


def named_cursor():
    with c.transaction():
        with c.cursor(name="walk") as cur:
            cur.execute("SELECT g FROM generate_series(1, 10) g")
            cur.itersize = 3
            return [cur.fetchone(), cur.fetchmany(4), [d.type_display for d in cur.description], cur.fetchall()]


def scrolled():
    with c.transaction():
        with c.cursor(name="back", scrollable=True) as cur:
            cur.execute("SELECT g FROM generate_series(1, 10) g")
            cur.scroll(5)
            row = cur.fetchone()
            cur.scroll(2, mode="absolute")
            return [row, cur.fetchone()]


def held():
    with c.cursor(name="held", withhold=True) as cur:
        cur.execute("SELECT g FROM generate_series(1, 3) g")
        return cur.fetchall()


def copy_in(query, rows, types=None):
    cur = c.cursor()
    with cur.copy(query) as copy:
        if types:
            copy.set_types(types)
        for row in rows:
            copy.write_row(row)
    return cur.rowcount


def copy_out(query, types=None):
    with c.cursor().copy(query) as copy:
        if types:
            copy.set_types(types)
            return list(copy.rows())
        return b"".join(bytes(part) for part in copy)


def copying():
    ran("copy in text", lambda: copy_in("COPY copied FROM STDIN", [(1, "a\tb", None), (2, None, decimal.Decimal("1.5"))]))
    ran("copy in binary", lambda: copy_in("COPY copied FROM STDIN (FORMAT binary)", [(3, "c", decimal.Decimal("-2")), (4, "ü", None)], ["int4", "text", "numeric"]))
    ran("copy error", lambda: copy_in("COPY copied FROM STDIN", [("x", "a", None)]))
    ran("copy out text", lambda: copy_out("COPY (SELECT * FROM copied ORDER BY 1) TO STDOUT"))
    ran("copy out csv", lambda: copy_out("COPY (SELECT * FROM copied ORDER BY 1) TO STDOUT (FORMAT csv, HEADER)"))
    ran("copy out binary", lambda: copy_out("COPY (SELECT * FROM copied ORDER BY 1) TO STDOUT (FORMAT binary)", ["int4", "text", "numeric"]))


def transactions():
    def savepoints():
        with c.transaction():
            c.execute("INSERT INTO plan_test VALUES (10)")
            try:
                with c.transaction():
                    c.execute("INSERT INTO plan_test VALUES (11)")
                    raise psycopg.Rollback
            except psycopg.Error:
                pass
            try:
                with c.transaction():
                    c.execute("SELECT 1/0")
            except psycopg.Error as error:
                status = error.sqlstate
        return [status, ask("SELECT n FROM plan_test WHERE n >= 10")]

    ran("savepoints", savepoints)

    def isolation():
        with psycopg.connect(dsn()) as other:
            other.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
            other.read_only = True
            shown = [other.execute(f"SHOW transaction_{what}").fetchone()[0] for what in ("isolation", "read_only")]
            try:
                other.execute("DELETE FROM plan_test")
            except psycopg.Error as error:
                shown.append([error.sqlstate, str(error)])
                other.rollback()
            return shown

    ran("isolation", isolation)

    def two_phase():
        with psycopg.connect(dsn()) as other:
            other.tpc_begin(other.xid(1, "gid", "branch"))
            other.execute("SELECT 1")
            other.tpc_prepare()

    ran("two-phase", two_phase)


def errors():
    ran("unique error", lambda: c.execute("INSERT INTO keyed VALUES (1), (1)"))

    def diagnostics():
        try:
            c.execute("INSERT INTO keyed VALUES (2), (2)")
        except psycopg.Error as error:
            d = error.diag
            return [d.severity, d.sqlstate, d.message_primary, d.message_detail, d.schema_name, d.table_name, d.constraint_name]

    ran("diagnostics", diagnostics)

    def notices():
        heard = []
        c.add_notice_handler(lambda n: heard.append([n.severity, n.sqlstate, n.message_primary]))
        c.execute("DROP TABLE IF EXISTS not_there")
        return heard

    ran("notices", notices)

    def cancelled():
        with psycopg.connect(dsn(), autocommit=True) as other:
            other.execute("SET statement_timeout = 50")
            other.execute("SELECT pg_sleep(5)")

    ran("statement timeout", cancelled)


def type_infos():
    def info(kind, name):
        found = kind.fetch(c, name)
        return None if found is None else [type(found).__name__, found.name, found.regtype, found.delimiter]

    ran("type info int4", lambda: info(TypeInfo, "int4"))
    ran("type info missing", lambda: info(TypeInfo, "no_such_type"))
    ran("type info domain", lambda: info(TypeInfo, "positive"))
    ran("range info", lambda: info(RangeInfo, "int4range"))

    def enum():
        found = EnumInfo.fetch(c, "mood")
        return [found.name, found.labels]

    ran("enum info", enum)

    def composite():
        found = CompositeInfo.fetch(c, "customer")
        return [found.name, found.field_names, found.field_types[:3]]

    ran("composite info", composite)

    def composite_value():
        info = CompositeInfo.fetch(c, "keyed")
        register_composite(info, c)
        return [ask("SELECT k FROM (SELECT 5 AS id) k"), ask("SELECT ROW(7)::keyed")[0][0].id]

    ran("composite value", composite_value)


def session():
    ran("parameters", lambda: {n: c.info.parameter_status(n) for n in (
        "server_encoding", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes", "standard_conforming_strings",
        "is_superuser", "session_authorization", "default_transaction_read_only", "in_hot_standby")})
    ran("server version", lambda: c.info.server_version // 10000)
    ran("time zone", lambda: [c.execute("SET timezone TO 'Europe/Berlin'").statusmessage, str(c.info.timezone), ask("SELECT '2024-07-01 00:00+00'::timestamptz"),
                              c.execute("RESET timezone").statusmessage])
    ran("latin1", lambda: [c.execute("SET client_encoding TO latin1").statusmessage, c.info.encoding, ask("SELECT 'ü', length(%s)", ("ü",)),
                           c.execute("RESET client_encoding").statusmessage, c.info.encoding])
    ran("description", lambda: described("SELECT id, email, credit, code, flags, seen, pause, tags, mood, rank FROM customer"))
    ran("dict row", lambda: c.cursor(row_factory=dict_row).execute("SELECT 1 AS one, 'x' AS two").fetchone())
    ran("two statements", lambda: [c.execute("SELECT 1; SELECT 2", prepare=False).fetchall()])
    ran("executemany", lambda: many("INSERT INTO keyed VALUES (%s) RETURNING id", [(i,) for i in range(20, 23)]))
    ran("statuses", lambda: [c.execute(s).statusmessage for s in (
        "CREATE TEMP TABLE status_test (n int)", "INSERT INTO status_test VALUES (1), (2)", "UPDATE status_test SET n = 3", "DELETE FROM status_test",
        "TRUNCATE status_test", "SELECT 1", "VALUES (1), (2)", "SHOW work_mem", "DROP TABLE status_test")])

    def listen():
        c.execute("LISTEN channel")
        c.execute("NOTIFY channel, 'hello'")
        return [[n.channel, n.payload] for n in c.notifies(timeout=2, stop_after=1)]

    ran("listen", listen)
    ran("discard all", lambda: c.execute("DISCARD ALL").statusmessage)


def many(query, rows):
    cur = c.cursor()
    cur.executemany(query, rows, returning=True)
    results = []
    while True:
        results.append(cur.fetchall())
        if not cur.nextset():
            return results


for statement in ("CREATE TABLE plan_test (n int)", "CREATE TABLE copied (a int, b text, c numeric)", "CREATE TABLE keyed (id int PRIMARY KEY)"):
    c.execute(statement)
values()
reading()
prepared()
ran("pipeline", pipeline)
ran("broken pipeline", broken_pipeline)
ran("named cursor", named_cursor)
ran("scrollable cursor", scrolled)
ran("held cursor", held)
copying()
transactions()
errors()
type_infos()
session()
