// node-postgres: text and binary results, prepared statements, cursors, COPY streams, pools, notifications.

const { Client, Pool, types } = require('pg')
const Cursor = require('pg-cursor')
const copy = require('pg-copy-streams')
const { pipeline } = require('node:stream/promises')
const { Readable } = require('node:stream')
const { check, dsn } = require('./report.js')

const VALUES = [
  ['bool', true], ['int2', -5], ['int4', 42], ['int8', '9007199254740993'], ['float4', 1.5], ['float8', 1e300], ['numeric', '12345.6700'],
  ['text', "größe'\\"], ['char(5)', 'x'], ['bytea', Buffer.from([0, 255])], ['date', '2024-02-29'], ['time', '01:02:03.5'], ['timetz', '01:02:03+02'],
  ['timestamp', '2024-02-29 01:02:03'], ['timestamptz', new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4))], ['interval', '1 year 2 mons 3 days 04:05:06.7'],
  ['uuid', '00000000-0000-0000-0000-000000000007'], ['json', { a: [1, null] }], ['jsonb', { b: 1, a: 'x' }], ['int4[]', [1, 2, 3]],
  ['text[]', ['a', 'b,c', null, '"']], ['int4[]', [[1, 2], [3, 4]]], ['bool[]', [true, false]], ['numeric[]', ['1.50']], ['json[]', [{ a: 1 }]],
  ['timestamptz[]', ['2024-01-01 00:00Z']], ['bytea[]', [Buffer.from([1])]], ['point', '(1,2)'], ['circle', '<(1,2),3>'], ['mood', 'happy'],
  ['positive', 3], ['int4range', '[1,4]'], ['inet', '10.0.0.1'], ['money', '1.5'], ['oid', 7], ['text', null],
]

async function values(client) {
  for (const [type, value] of VALUES) {
    for (const binary of [false, true]) {
      await check(`value ${type} ${JSON.stringify(value)} ${binary ? 'binary' : 'text'}`, async () => {
        const r = await client.query({ text: `SELECT $1::${type} AS v`, values: [value], binary })
        return r.rows[0].v
      })
    }
  }
}

async function statements(client) {
  const one = (text, values) => client.query(text, values)
  await check('create', async () => (await one('CREATE TABLE t (id serial PRIMARY KEY, name text UNIQUE, n numeric(8,2))')).command)
  await check('insert', async () => {
    const r = await one('INSERT INTO t (name, n) VALUES ($1, $2), ($3, $4) RETURNING *', ['a', 1, 'b', null])
    return [r.command, r.rowCount, r.rows, r.fields.map(f => [f.name, f.columnID, f.dataTypeID, f.dataTypeSize, f.dataTypeModifier, f.format])]
  })
  await check('array rows', async () => (await client.query({ text: 'SELECT id, name FROM t ORDER BY 1', rowMode: 'array' })).rows)
  await check('named statement', async () => {
    const seen = []
    for (let i = 0; i < 6; i++) seen.push((await client.query({ name: 'add', text: 'SELECT $1::int + 1 AS n', values: [i] })).rows[0].n)
    const known = await one("SELECT name, statement, parameter_types::text, from_sql FROM pg_prepared_statements WHERE name = 'add'")
    return [seen, known.rows]
  })
  await check('several statements', async () => (await client.query("SELECT 1 AS a; INSERT INTO t (name) VALUES ('c'); SELECT count(*) FROM t")).map(r => [r.command, r.rowCount, r.rows]))
  await check('empty statement', async () => (await one('')).command)
  await check('comment only', async () => (await one('-- nothing')).rows)
  await check('unnest', async () => (await one('SELECT * FROM unnest($1::int[], $2::text[]) AS u(a, b)', [[1, 2], ['x', 'y']])).rows)
  await check('any', async () => (await one('SELECT name FROM t WHERE id = ANY($1) ORDER BY name', [[1, 2]])).rows)
  await check('json rows', async () => (await one('SELECT json_agg(t ORDER BY id) AS all, row_to_json(t.*) AS one FROM t GROUP BY t.* ORDER BY t.id LIMIT 1')).rows)
}

async function errors(client) {
  for (const [name, text, values] of [
    ['unique', "INSERT INTO t (name) VALUES ('a')"], ['syntax', 'SELEC 1'], ['column', 'SELECT nope FROM t'], ['function', 'SELECT lower(1, 2)'],
    ['text to int', 'SELECT $1::int', ['x']], ['parameters', 'SELECT $1::int', [1, 2]], ['not null', 'INSERT INTO t (id) VALUES (NULL)'],
    ['check', 'INSERT INTO customer (email, credit, seen) VALUES ($1, -101, NULL)', ['e']], ['foreign key', 'INSERT INTO sales.invoice (customer, number) VALUES (99, 1)'],
    ['generated', 'INSERT INTO customer (id, email) VALUES (1, $1)', ['e']], ['overflow', 'SELECT $1::int4 * 10', [2147483647]], ['undetermined', 'SELECT $1', [null]],
  ]) await check(`error ${name}`, () => client.query(text, values).then(r => r.rows))
  await check('after errors', async () => (await client.query('SELECT 1 AS one')).rows)
}

async function streams(client) {
  await check('cursor', async () => {
    const cursor = client.query(new Cursor('SELECT g FROM generate_series(1, $1::int) g', [5]))
    const read = [await cursor.read(2), await cursor.read(2), await cursor.read(2), await cursor.read(2)]
    await cursor.close()
    return read
  })
  await check('cursor closed early', async () => {
    const cursor = client.query(new Cursor('SELECT g FROM generate_series(1, 1000) g'))
    const read = await cursor.read(2)
    await cursor.close()
    return [read, (await client.query('SELECT 1 AS one')).rows]
  })
  await check('copy in', async () => {
    const sink = client.query(copy.from('COPY t (name, n) FROM STDIN (FORMAT csv)'))
    await pipeline(Readable.from(['x,1.5\n', 'y,', '\n"z ""q""",3\n']), sink)
    return sink.rowCount
  })
  await check('copy in refused', async () => {
    const sink = client.query(copy.from('COPY t (name, n) FROM STDIN'))
    await pipeline(Readable.from(['x\tnope\n']), sink)
  })
  await check('copy out', async () => {
    const parts = []
    const source = client.query(copy.to('COPY (SELECT name, n FROM t ORDER BY id) TO STDOUT'))
    for await (const part of source) parts.push(part)
    return Buffer.concat(parts).toString()
  })
  await check('notification', async () => {
    const heard = new Promise(resolve => client.once('notification', n => resolve([n.channel, n.payload])))
    await client.query('LISTEN news')
    await client.query("NOTIFY news, 'hello'")
    return Promise.race([heard, new Promise(resolve => setTimeout(resolve, 2000, 'not heard'))])
  })
  await check('notice', async () => {
    const heard = new Promise(resolve => client.once('notice', n => resolve([n.severity, n.code, n.message])))
    await client.query('DROP TABLE IF EXISTS not_there')
    return heard
  })
}

async function pooled() {
  const pool = new Pool({ connectionString: dsn, max: 3, application_name: 'pooled', statement_timeout: 5000, options: '-c work_mem=2MB' })
  await check('pool', async () => {
    const all = await Promise.all(Array.from({ length: 9 }, (_, i) => pool.query('SELECT $1::int AS i, current_setting($2) AS a', [i, 'application_name'])))
    return all.map(r => r.rows[0])
  })
  await check('pool settings', async () => (await pool.query("SELECT current_setting('statement_timeout') AS t, current_setting('work_mem') AS w")).rows)
  await check('transaction', async () => {
    const c = await pool.connect()
    try {
      await c.query('BEGIN')
      await c.query("INSERT INTO t (name) VALUES ('gone')")
      const failed = await c.query('SELECT 1/0').catch(e => e.code)
      const ignored = await c.query('SELECT 1').catch(e => [e.code, e.message])
      const end = await c.query('COMMIT')
      return [failed, ignored, end.command, (await c.query("SELECT count(*) FROM t WHERE name = 'gone'")).rows]
    } finally {
      c.release()
    }
  })
  await pool.end()
}

async function main() {
  types.setTypeParser(types.builtins.DATE, text => text)
  const client = new Client({ connectionString: dsn })
  await client.connect()
  await values(client)
  await statements(client)
  await errors(client)
  await streams(client)
  await pooled()
  await client.end()
}

// A destroyed COPY stream leaves a timer behind.
main().then(() => process.exit(0))
