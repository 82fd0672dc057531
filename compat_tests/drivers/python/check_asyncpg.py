"""asyncpg: binary values both ways, the introspection of types it does not know, cursors, COPY, listeners, pools."""

import asyncio
import datetime
import decimal
import io
import uuid

import asyncpg

from report import check_async, dsn

VALUES = [
    ("bool", True), ("int2", -5), ("int4", 42), ("int8", 2**40), ("float4", 1.5), ("float8", 1e300), ("numeric", decimal.Decimal("12345.6700")),
    ("text", "größe"), ("varchar(3)", "abc"), ("bpchar", "x "), ("name", "n"), ("bytea", b"\x00\xff"), ("date", datetime.date(2024, 2, 29)),
    ("time", datetime.time(1, 2, 3, 4)), ("timetz", datetime.time(1, 2, 3, tzinfo=datetime.timezone.utc)),
    ("timestamp", datetime.datetime(2024, 2, 29, 1, 2, 3)), ("timestamptz", datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc)),
    ("interval", datetime.timedelta(days=3, seconds=4)), ("uuid", uuid.UUID(int=7)), ("json", '{"a": 1}'), ("jsonb", '{"a": 1}'), ("oid", 7),
    ("int4[]", [1, 2, None]), ("text[][]", [["a"], ["b"]]), ("point", (1, 2)), ("box", ((3, 4), (1, 2))), ("bit(4)", asyncpg.BitString("1010")),
    ("varbit", asyncpg.BitString("101")), ("int4range", asyncpg.Range(1, 5)), ("int4multirange", [asyncpg.Range(1, 5), asyncpg.Range(8, 9)]),
    ("daterange[]", [asyncpg.Range(datetime.date(2024, 1, 1))]), ("mood", "happy"), ("mood[]", ["sad", "ok"]), ("positive", 3), ("keyed", (1, "x")),
    ("keyed[]", [(1, "x"), None]), ("nested", ((2, "y"), ["ok"])), ("inet", "10.0.0.1"), ("cidr", "10.0.0.0/8"), ("macaddr", "08:00:2b:01:02:03"),
    ("money", "$1.00"), ("tsvector", "'a'"), ("xml", "<a/>"), ("pg_lsn", 1), ("tid", (1, 2)), ('"char"', b"c"),
]


async def main():
    c = await asyncpg.connect(dsn())
    await c.execute("""CREATE TABLE keyed (id int PRIMARY KEY, name text);
        CREATE TABLE t (id serial PRIMARY KEY, name text, m mood, at timestamptz DEFAULT '2024-01-01 00:00Z')""")
    await check_async("create composite", lambda: c.execute("CREATE TYPE nested AS (part keyed, moods mood[])"))

    for name, value in VALUES:
        async def both(name=name, value=value):
            return await c.fetchrow(f"SELECT $1::{name} AS v, pg_typeof($1::{name})::text AS type", value)

        async def result():
            row = await both()
            return [shown(row["v"]), row["type"]]

        await check_async(f"value {name}", result)

    async def attributes():
        s = await c.prepare("SELECT id, name, m, $1::keyed AS n FROM t WHERE name = $2 AND at < $3")
        return [[[p.name, p.kind, p.schema] for p in s.get_parameters()], [[a.name, a.type.name, a.type.kind] for a in s.get_attributes()], s.get_statusmsg()]

    await check_async("prepared attributes", attributes)

    async def inserted():
        await c.executemany("INSERT INTO t (name, m) VALUES ($1, $2)", [("a", "ok"), ("b", None), ("c", "sad")])
        return [dict(r) for r in await c.fetch("SELECT * FROM t ORDER BY id")]

    await check_async("executemany", inserted)

    async def many():
        return await c.fetchmany("INSERT INTO t (name) VALUES ($1) RETURNING id", [("d",), ("e",)])

    await check_async("fetchmany", many)

    async def cursor():
        async with c.transaction():
            seen = [r["id"] async for r in c.cursor("SELECT id FROM t ORDER BY id", prefetch=2)]
            cur = await c.cursor("SELECT id FROM t ORDER BY id")
            return [seen, await cur.fetchrow(), await cur.forward(1), await cur.fetch(5)]

    await check_async("cursor", cursor)

    async def nested():
        async with c.transaction(isolation="repeatable_read"):
            await c.execute("INSERT INTO t (name) VALUES ('outer')")
            try:
                async with c.transaction():
                    await c.execute("INSERT INTO t (name) VALUES ('inner')")
                    await c.execute("SELECT 1/0")
            except asyncpg.DivisionByZeroError as error:
                caught = error.sqlstate
        return [caught, await c.fetch("SELECT name FROM t WHERE name IN ('outer', 'inner')")]

    await check_async("nested transaction", nested)
    await check_async("copy records", lambda: c.copy_records_to_table("t", records=[("r", "ok"), (None, None)], columns=["name", "m"]))

    async def copied():
        out = io.BytesIO()
        status = await c.copy_from_query("SELECT id, name, m FROM t WHERE id > $1 ORDER BY id", 2, output=out, format="csv")
        return [status, out.getvalue().decode()]

    await check_async("copy from query", copied)

    async def copy_in():
        return await c.copy_to_table("t", source=io.BytesIO(b"x;ok\ny;\n"), format="csv", delimiter=";", columns=["name", "m"])

    await check_async("copy to table", copy_in)

    async def listened():
        heard = asyncio.get_running_loop().create_future()
        await c.add_listener("channel", lambda *a: heard.done() or heard.set_result([a[2], a[3]]))
        await c.execute("SELECT pg_notify('channel', 'hello')")
        return await asyncio.wait_for(heard, 2)

    await check_async("listen", listened)

    async def codec():
        await c.set_type_codec("mood", schema="public", encoder=str.lower, decoder=str.upper)
        try:
            return await c.fetchval("SELECT $1::mood", "HAPPY")
        finally:
            await c.reset_type_codec("mood", schema="public")

    await check_async("type codec", codec)

    async def changed():
        query = "SELECT * FROM keyed"
        before = await c.fetch(query)
        await c.execute("ALTER TABLE keyed ADD COLUMN extra int DEFAULT 5; INSERT INTO keyed VALUES (1, 'x')")
        return [before, [dict(r) for r in await c.fetch(query)], await c.fetchval("SELECT k FROM keyed k")]

    await check_async("changed table", changed)

    for name, query, arguments in (
        ("unique", "INSERT INTO keyed VALUES ($1)", (1,)), ("syntax", "SELEC 1", ()), ("undefined table", "SELECT * FROM nowhere", ()),
        ("enum", "SELECT $1::mood", ("grim",)), ("domain", "SELECT $1::positive", (-1,)), ("type", "SELECT $1::int", ("x",)),
        ("undetermined", "SELECT $1 IS NULL", (None,)),
    ):
        async def failing(query=query, arguments=arguments):
            return await c.fetch(query, *arguments)

        await check_async(f"error {name}", failing)

    async def timeout():
        try:
            await c.fetch("SELECT pg_sleep(10)", timeout=0.1)
        except asyncio.TimeoutError:
            return ["timed out", await c.fetchval("SELECT 1")]

    await check_async("cancelled by time-out", timeout)

    async def settings():
        s = c.get_settings()
        return [s.server_encoding, s.client_encoding, s.TimeZone, s.DateStyle, s.IntervalStyle, c.get_server_version()[:1]]

    await check_async("settings", settings)

    async def pooled():
        async with asyncpg.create_pool(dsn(), min_size=2, max_size=3, server_settings={"application_name": "pool", "jit": "off"}) as pool:
            names = await asyncio.gather(*(pool.fetchval("SELECT current_setting('application_name') || $1::text", str(i)) for i in range(6)))
            async with pool.acquire() as held:
                await held.execute("SET work_mem TO '1MB'; CREATE TEMP TABLE tt (n int)")
            return [names, await pool.fetchval("SHOW work_mem")]

    await check_async("pool", pooled)
    await check_async("reset", c.reset)
    await c.close()


def shown(value):
    if isinstance(value, asyncpg.Record):
        return {k: shown(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shown(v) for v in value]
    return value


asyncio.run(main())
