/** SQLite on a disk that fails or hangs as long as a spec wants it to: the option `database` names this file. */

const fs = require('node:fs')
const { isBuiltin } = require('node:module')

const found = isBuiltin('node:sqlite') ? 'node:sqlite' : '@photostructure/sqlite'
const real = require(process.env.DATABASE ?? found)
const CODES = { ENOSPC: 13, EIO: 10 }
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** Fails, or waits, as the file of that name says. */
function faultOr(name) {
  while (fs.existsSync(name)) {
    const fault = fs.readFileSync(name, 'utf8')
    const errcode = CODES[fault]
    if (errcode !== undefined) throw Object.assign(new Error(fault), { errcode })
    Atomics.wait(sleeper, 0, 0, 5)
  }
}

/** Writes meet what the disk does: all but reading. */
exports.DatabaseSync = class {
  #database
  #fault

  constructor(file, options) {
    this.#database = new (real.DatabaseSync ?? real)(file, options)
    this.#fault = `${file.replace(/\.rescued$/, '')}-fault`
  }

  exec(sql) {
    if (/COMMIT|checkpoint/.test(sql)) faultOr(this.#fault)
    this.#database.exec(sql)
  }

  prepare(sql) {
    const statement = this.#database.prepare(sql)
    return {
      get: (...values) => statement.get(...values),
      all: (...values) => statement.all(...values),
      run: (...values) => {
        faultOr(this.#fault)
        return statement.run(...values)
      },
    }
  }

  close() {
    this.#database.close()
  }
}
