// postgres.js: its own fetching of array types, described statements, cursors, COPY, transactions, listeners.

const postgres = require('postgres')
const { check, dsn } = require('./report.js')

const sql = postgres(dsn, { max: 2, onnotice: n => notices.push([n.severity, n.code, n.message]) })
const notices = []

async function values() {
  for (const [type, value] of [
    ['bool', true], ['int4', 42], ['int8', '9007199254740993'], ['float8', 1.5], ['numeric', '12.3400'], ['text', "größe'\\"], ['bytea', Buffer.from([0, 255])],
    ['date', new Date(Date.UTC(2024, 1, 29))], ['timestamptz', new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4))], ['interval', '1 day'], ['jsonb', { a: [1, null] }],
    ['int4[]', [1, 2, null]], ['text[]', ['a', 'b,c', null]], ['int4[]', [[1, 2], [3, 4]]], ['timestamptz[]', [new Date(0)]], ['uuid', '00000000-0000-0000-0000-000000000007'],
    ['mood', 'happy'], ['mood[]', ['ok', 'sad']], ['positive', 3], ['int4range', '[1,4]'], ['text', null],
  ]) await check(`value ${type} ${JSON.stringify(value)}`, async () => (await sql`SELECT ${value}::${sql.unsafe(type)} AS v`)[0].v)
}

async function statements() {
  await check('create', async () => (await sql`CREATE TABLE t (id serial PRIMARY KEY, name text UNIQUE, tags text[], data jsonb)`).command)
  await check('insert helper', async () => sql`INSERT INTO t ${sql([{ name: 'a', tags: ['x'], data: { n: 1 } }, { name: 'b', tags: [], data: null }])} RETURNING *`)
  await check('update helper', async () => (await sql`UPDATE t SET ${sql({ name: 'c', tags: ['y', 'z'] })} WHERE id = 2`).count)
  await check('in helper', async () => sql`SELECT name FROM t WHERE name IN ${sql(['a', 'c'])} ORDER BY name`)
  await check('fragment', async () => sql`SELECT ${sql(['id', 'name'])} FROM ${sql('t')} ${sql`WHERE id = ${1}`}`)
  await check('columns', async () => (await sql`SELECT id, name, tags, data FROM t LIMIT 1`).columns.map(c => [c.name, c.type, c.number]))
  await check('describe', async () => {
    const d = await sql`INSERT INTO t (name, tags) VALUES (${'q'}, ${['r']}) RETURNING id`.describe()
    return [d.types, d.columns.map(c => [c.name, c.type])]
  })
  await check('repeated', async () => {
    const seen = []
    for (let i = 0; i < 6; i++) seen.push((await sql`SELECT ${i}::int + 1 AS n`)[0].n)
    return seen
  })
  await check('several statements', async () => sql`SELECT 1 AS a; SELECT 2 AS b`.simple())
  await check('raw', async () => sql`SELECT 1 AS a, 'x' AS b`.raw())
  await check('values', async () => sql`SELECT 1 AS a, 'x' AS b`.values())
  await check('pipelined', async () => sql.begin(s => [s`SELECT 1 AS a`, s`SELECT 2 AS a`, s`SELECT 3 AS a`]))
  await check('cursor', async () => {
    const seen = []
    for await (const rows of sql`SELECT g FROM generate_series(1, 5) g`.cursor(2)) seen.push(rows.map(r => r.g))
    return seen
  })
  await check('for each', async () => {
    const seen = []
    await sql`SELECT g FROM generate_series(1, 3) g`.forEach(r => seen.push(r.g))
    return seen
  })
}

async function others() {
  await check('savepoint', async () => sql.begin('isolation level repeatable read', async s => {
    await s`INSERT INTO t (name) VALUES ('outer')`
    const caught = await s.savepoint(async p => p`INSERT INTO t (name) VALUES ('a')`).catch(e => [e.code, e.constraint_name, e.detail])
    return [caught, await s`SHOW transaction_isolation`, await s`SELECT name FROM t ORDER BY id`]
  }))
  await check('copy in', async () => {
    const sink = await sql`COPY t (name) FROM STDIN`.writable()
    await new Promise((resolve, reject) => {
      sink.on('error', reject)
      sink.on('finish', resolve)
      sink.write('k\nl\n')
      sink.end('m\n')
    })
    return sql`SELECT count(*)::int FROM t`
  })
  await check('copy out', async () => {
    const parts = []
    for await (const part of await sql`COPY (SELECT id, name FROM t ORDER BY id) TO STDOUT (FORMAT csv)`.readable()) parts.push(part)
    return Buffer.concat(parts).toString()
  })
  await check('listen', async () => {
    let hear
    const heard = new Promise(resolve => { hear = resolve; setTimeout(resolve, 2000, 'not heard') })
    const listening = await sql.listen('news', hear)
    await sql.notify('news', 'hello')
    const got = await heard
    await listening.unlisten()
    return got
  })
  await check('error unique', () => sql`INSERT INTO t (name) VALUES ('a')`)
  await check('error syntax', () => sql`SELEC 1`)
  await check('error type', () => sql`SELECT ${'x'}::int`)
  await check('notices', async () => { await sql`DROP TABLE IF EXISTS not_there`; return notices.slice(-1) })
  await check('cancel', async () => {
    const query = sql`SELECT pg_sleep(5)`.execute()
    setTimeout(() => query.cancel(), 100)
    return query
  })
  await check('after cancel', () => sql`SELECT 1 AS one`)
  await check('reserve', async () => {
    const one = await sql.reserve()
    await one`SET work_mem = '3MB'`
    const shown = await one`SHOW work_mem`
    one.release()
    return shown
  })
  await check('changed table', async () => {
    const query = () => sql`SELECT * FROM t WHERE id = 1`
    const before = await query()
    await sql`ALTER TABLE t ADD COLUMN extra int DEFAULT 5`
    return [before, await query()]
  })
}

values().then(statements).then(others).then(() => sql.end({ timeout: 2 }))
