import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { devDependencies } from '../../package.json'
import { Installation } from '../support/pack'

const PEERS = ['express-session'] as const
const TYPES = ['@types/express-session', '@types/node', 'typescript'] as const
const installation = new Installation(
  ...[...PEERS, ...TYPES].map((name) => `${name}@${devDependencies[name]}`),
)
after(() => installation.remove())

// Uses a store from end to end: what it prints shows that it works.
const USE = `
  const store = new Store({ interval: 0, maxSize: '1M' }, (error) => {
    store.set('a', { cookie: { originalMaxAge: null }, views: 3 }, () => {
      store.get('a', (_, data) => console.log(error, data.views, store instanceof session.Store))
    })
  })
`
const USED = 'null 3 true'

describe('the packed tarball', () => {
  it('holds what was built, its sources for debuggers, and the papers: no spec, no example', () => {
    const strange = installation
      .files()
      .filter((file) => !/^(dist|lib)\/[\w/-]+\.(m?js|d\.m?ts|ts|mts)(\.map)?$/.test(file))
    assert.deepEqual(strange, ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
  })

  it('brings sizeomatic and debug with it, and stands beside express-session', () => {
    const installed = installation.run(
      'node',
      '-p',
      'JSON.stringify(require("lembro/package.json"))',
    )
    const { dependencies, peerDependencies } = JSON.parse(installed)
    assert.deepEqual(Object.keys(dependencies).sort(), ['debug', 'sizeomatic'])
    assert.deepEqual(Object.keys(peerDependencies), ['@types/express-session', 'express-session'])
  })
})

describe('CommonJS', () => {
  const forms = {
    'the factory': "const Store = require('lembro')(session)",
    'the class': "const { Lembro: Store } = require('lembro')",
    'the module itself as a class': "const Store = require('lembro')",
  }
  for (const [name, form] of Object.entries(forms)) {
    it(`gets ${name}`, () => {
      const source = `const session = require('express-session')\n${form}\n${USE}`
      assert.equal(installation.script('use.cjs', source), USED)
    })
  }
})

describe('a saveFile', () => {
  it('keeps a session from one process to the next', () => {
    const open = `
      const { Lembro } = require('lembro')
      const store = new Lembro({ interval: 0, saveFile: 'sessions.db' })`
    const set = `store.set('a', { cookie: {}, views: 3 }, (error) => console.log(error))`
    // Without a word of goodbye: an acknowledged session is there.
    const kill = `process.kill(process.pid, 'SIGKILL')`
    const ended = `store.set('b', { cookie: {} }, () => ${kill})`
    assert.equal(installation.script('set.cjs', `${open}\n${set}\nstore.close()`), 'null')
    assert.throws(() => installation.script('die.cjs', `${open}\n${ended}`))
    const read = `store.ids().then((ids) => console.log(ids.join()), console.log)`
    assert.equal(installation.script('read.cjs', `${open}\n${read}\n`), 'b,a')
  })
})

describe('ES modules', () => {
  const forms = {
    'the factory by default': "import lembro from 'lembro'\nconst Store = lembro(session)",
    'the class by name': "import { Lembro as Store } from 'lembro'",
  }
  for (const [name, form] of Object.entries(forms)) {
    it(`get ${name}`, () => {
      const source = `import session from 'express-session'\n${form}\n${USE}`
      assert.equal(installation.script('use.mjs', source), USED)
    })
  }

  it('share their class with CommonJS', () => {
    const source = `
      import { createRequire } from 'node:module'
      import { Lembro } from 'lembro'
      console.log(createRequire(import.meta.url)('lembro').Lembro === Lembro)`
    assert.equal(installation.script('same.mjs', source), 'true')
  })
})

describe('TypeScript', () => {
  const uses = `
    type IsAny<T> = 0 extends 1 & T ? true : false
    const options: LembroOptions = { maxSize: '4M', owner: (data) => data.cookie.path }
    const store = new Lembro(options, (error) => { const e: Error | null = error })
    const bound: Lembro = new (lembro(session))(options)
    session({ store, secret: 's' })
    session({ store: bound, secret: 's' })
    const stats: LembroStats = store.stats()
    const evicted: number = stats.evicted.owned
    const reduced: Promise<ReduceReport> = store.reduce('50%')
    const sessions: Promise<number> = store.length()
    store.get('a').then((data) => { const checked: IsAny<typeof data> = false; data?.cookie })
    store.destroyOwner('ann', { except: 'a' }, (error, count) => { const n: number = count })
    store.on('error', () => {}).once('reduce', () => {})
    const wrong: IsAny<typeof store> = false
    // @ts-expect-error: there is no such option
    new Lembro({ maxsize: 1 })
    // @ts-expect-error: a size is a number or text
    new Lembro({ maxSize: true })
    defaultOwner({ cookie: new session.Cookie() })
  `
  const esm = `
    import session from 'express-session'
    import lembro, { defaultOwner, Lembro } from 'lembro'
    import type { LembroOptions, LembroStats, ReduceReport } from 'lembro'
    ${uses}`
  const cjs = `
    import session = require('express-session')
    import lembro = require('lembro')
    type LembroOptions = lembro.LembroOptions
    type LembroStats = lembro.LembroStats
    type ReduceReport = lembro.ReduceReport
    type Lembro = lembro.Lembro
    const { Lembro, defaultOwner } = lembro
    ${uses}`

  const settings: [string, string, string, string][] = [
    ['node16', 'node16', 'use.mts', esm],
    ['node16', 'node16', 'use.cts', cjs],
    ['nodenext', 'nodenext', 'use.mts', esm],
    ['nodenext', 'nodenext', 'use.cts', cjs],
    ['esnext', 'bundler', 'use.ts', esm],
  ]
  for (const [module, moduleResolution, file, source] of settings) {
    it(`finds the types of ${file} under ${moduleResolution}, without any any`, () => {
      const compilerOptions = {
        ...{ module, moduleResolution, target: 'es2022' },
        ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, esModuleInterop: true },
        types: ['node'],
      }
      const folder = `${moduleResolution}-${file.replace('.', '-')}`
      installation.write(`${folder}/${file}`, source)
      installation.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions }))
      installation.run('npx', '--no-install', 'tsc', '-p', folder)
    })
  }
})
