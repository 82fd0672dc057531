// How a program reports: one line per check, its name, a tab and the result as JSON.

exports.dsn = process.env.DRIVER_DSN

// plain gives what JSON can hold, with the type where JSON would hide it.
function plain(value) {
  if (value === undefined) return 'undefined'
  if (typeof value === 'bigint') return `bigint ${value}`
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return `number ${value}`
  if (value instanceof Date) return isNaN(value) ? 'invalid date' : `date ${value.toISOString()}`
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return Array.from(value, plain)
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  return value
}
exports.plain = plain

exports.check = async (name, run) => {
  let result
  try {
    result = await run()
  } catch (e) {
    result = { error: e.constructor.name, state: e.code, message: e.message, detail: e.detail, hint: e.hint, position: e.position, table: e.table ?? e.table_name, constraint: e.constraint ?? e.constraint_name }
    for (const key of Object.keys(result)) if (result[key] === undefined) delete result[key]
  }
  console.log(`${name}\t${JSON.stringify(plain(result))}`)
}
