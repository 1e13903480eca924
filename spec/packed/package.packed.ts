import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { devDependencies } from '../../package.json'
import { Installation } from '../support/pack'

const PEERS = ['express-session', 'prom-client', 'redis', '@photostructure/sqlite'] as const
const TYPES = ['@types/express', '@types/express-session', '@types/node', 'typescript'] as const
const installation = new Installation(
  ...[...PEERS, ...TYPES].map((name) => `${name}@${devDependencies[name]}`),
  'typescript5@npm:typescript@5',
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
  it('holds what was built and the papers: no source, no map, no spec, no example', () => {
    const strange = installation
      .files()
      .filter((file) => !/^dist\/[\w/-]+\.(m?js|d\.m?ts)$/.test(file))
    assert.deepEqual(strange, ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
  })

  it('has the licence of the chart library in the page of the monitor', () => {
    assert.match(installation.read('dist/monitor/page.js'), /^\/\*!\nuPlot[\s\S]*MIT License/)
  })

  it('is no larger than it need be, and runs nothing when it is installed', () => {
    assert.ok(installation.tarballBytes < 150_000, `${installation.tarballBytes} bytes`)
    const { scripts } = JSON.parse(
      installation.run('node', '-p', 'JSON.stringify(require("lembro/package.json"))'),
    )
    const run = Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))
    assert.deepEqual(run, [])
  })

  it('brings sizeomatic and debug with it, and stands beside express-session', () => {
    const installed = installation.run(
      'node',
      '-p',
      'JSON.stringify(require("lembro/package.json"))',
    )
    const { dependencies, peerDependencies } = JSON.parse(installed)
    assert.deepEqual(Object.keys(dependencies).sort(), ['debug', 'sizeomatic'])
    assert.deepEqual(Object.keys(peerDependencies), [
      '@photostructure/sqlite',
      '@types/express-session',
      'better-sqlite3',
      'express-session',
      'prom-client',
      'redis',
    ])
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

describe('the sub-exports', () => {
  const use = `
    const store = new Lembro({ interval: 0 })
    const register = new Registry()
    collectMetrics(store, { register, name: 'packed' })
    const page = monitor(store, { authorize: () => true })
    const server = createServer((req, res) => page(req, res, console.error))
    server.listen(0, async () => {
      const html = await (await fetch('http://127.0.0.1:' + server.address().port + '/')).text()
      const metrics = await register.metrics()
      console.log(/<title>(.*)<\\/title>/.exec(html)[1], /lembro_sessions{.*/.exec(metrics)[0])
      server.close()
      server.closeAllConnections()
    })`
  const used = 'Sessions lembro_sessions{store="packed"} 0'

  it('work from CommonJS', () => {
    const source = `
      const { createServer } = require('node:http')
      const { Registry } = require('prom-client')
      const { Lembro } = require('lembro')
      const { collectMetrics } = require('lembro/metrics')
      const { monitor } = require('lembro/monitor')
      ${use}`
    assert.equal(installation.script('seen.cjs', source), used)
  })

  it('work from ES modules', () => {
    const source = `
      import { createServer } from 'node:http'
      import { Registry } from 'prom-client'
      import { Lembro } from 'lembro'
      import { collectMetrics } from 'lembro/metrics'
      import { monitor } from 'lembro/monitor'
      ${use}`
    assert.equal(installation.script('seen.mjs', source), used)
  })

  const hosted = `
    const store = koaStore(new Lembro({ interval: 0 }))
    const set = store.set('a', { views: 3 }, 60_000, { ctx: {} })
    set.then(() => store.get('a', 60_000, { ctx: {} })).then((found) => console.log(found.views))`

  it('have stores for other hosts, from CommonJS and from ES modules', () => {
    const cjs = `
      const { Lembro } = require('lembro')
      const { koaStore } = require('lembro/hosts')
      ${hosted}`
    const esm = `
      import { Lembro } from 'lembro'
      import { koaStore } from 'lembro/hosts'
      ${hosted}`
    assert.equal(installation.script('hosted.cjs', cjs), '3')
    assert.equal(installation.script('hosted.mjs', esm), '3')
  })

  it('are loaded only when they are asked for', () => {
    const source = `
      require('lembro')
      console.log(Object.keys(require.cache).filter((f) => /prom-client|metrics|monitor/.test(f)).length)`
    assert.equal(installation.script('core.cjs', source), '0')
  })
})

describe('lembro/sqlite', () => {
  const use = `
    const saveFile = process.argv[1] + '.db'
    const store = new Lembro({ saveFile }, async (error) => {
      await store.set('a', { cookie: { originalMaxAge: null }, views: 3 })
      const { views } = await store.get('a')
      console.log(error, views, store instanceof session.Store, store.stats().sessions)
      await store.close()
    })`
  const used = 'null 3 true 1'

  it('is there for CommonJS', () => {
    const source = `
      const session = require('express-session')
      const Lembro = require('lembro/sqlite')(session)
      ${use}`
    assert.equal(installation.script('sqlite.cjs', source), used)
  })

  it('is there for ES modules', () => {
    const source = `
      import session from 'express-session'
      import { Lembro } from 'lembro/sqlite'
      ${use}`
    assert.equal(installation.script('sqlite.mjs', source), used)
  })
})

describe('lembro/redis', () => {
  // Nobody listens on port 1: that `ready` says so shows that a connection was tried.
  const use = `
    const client = createClient({ socket: { port: 1 } })
    const store = new Lembro({ client, maxSize: '1M' }, (error) => {
      console.log(error.code, store instanceof session.Store, store.stats().near.coherent)
      store.close()
    })
    store.on('error', () => {})`
  const used = 'EREDIS true false'

  it('is there for CommonJS', () => {
    const source = `
      const session = require('express-session')
      const { createClient } = require('redis')
      const Lembro = require('lembro/redis')(session)
      ${use}`
    assert.equal(installation.script('redis.cjs', source), used)
  })

  it('is there for ES modules', () => {
    const source = `
      import session from 'express-session'
      import { createClient } from 'redis'
      import { Lembro } from 'lembro/redis'
      ${use}`
    assert.equal(installation.script('redis.mjs', source), used)
  })

  it('is loaded by nobody who does not ask for it', () => {
    const source = `
      require('lembro')
      console.log(Object.keys(require.cache).filter((file) => /redis/.test(file)).length)`
    assert.equal(installation.script('without.cjs', source), '0')
  })
})

describe('TypeScript', () => {
  const compile = (folder: string, source: string, compilerOptions: object, tsc = 'tsc') => {
    installation.write(`${folder}/use.ts`, source)
    installation.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions }))
    installation.run('node', `node_modules/${tsc}`, '-p', folder)
  }

  it('tells an unknown option as one of the options', () => {
    const source = `import { Lembro } from 'lembro'\nnew Lembro({ maxsize: 1 })`
    const options = { module: 'nodenext', strict: true, noEmit: true, types: ['node'] }
    assert.throws(
      () => compile('unknown', source, options, 'typescript/bin/tsc'),
      /'maxsize' does not exist in type 'LembroOptions'/,
    )
  })

  it('finds the types of the sub-exports under the resolution of TypeScript before 4.7', () => {
    const source = `
      import { Lembro } from 'lembro'
      import { Lembro as OnRedis } from 'lembro/redis'
      import { collectMetrics } from 'lembro/metrics'
      import { monitor } from 'lembro/monitor'
      import { koaStore } from 'lembro/hosts'
      const store: Lembro = new Lembro()
      const end: () => void = collectMetrics(store)
      monitor(store, { authorize: () => true })
      koaStore(store)
      type Options = ConstructorParameters<typeof OnRedis>[0]`
    const resolution = { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true }
    const options = { ...resolution, target: 'es2022', strict: true, noEmit: true, types: ['node'] }
    compile('node10', source, { ...options, skipLibCheck: true }, 'typescript5/bin/tsc')
  })

  const seen = `
    import { createServer } from 'node:http'
    import type { Request } from 'express'
    import type express from 'express'
    import { Registry } from 'prom-client'
    import { collectMetrics } from 'lembro/metrics'
    import { monitor } from 'lembro/monitor'
    declare module 'express-session' {
      interface SessionData {
        userId: string
      }
    }`
  const redisUses = `
    const redis = new Redis({ client: createClient(), touchAfter: 0, maxSize: '64M' }, (error) => {
      const e: Error | null = error
    })
    session({ store: redis, secret: 's' })
    new (lembroRedis(session))({ client: createClient({ RESP: 3 }) })
    const near: number | undefined = redis.stats().near?.hits
    // @ts-expect-error: sessions are saved by Redis
    new Redis({ client: createClient(), saveFile: 's' })
    // @ts-expect-error: there is no store without a client
    new Redis({})
  `
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
    store.get('a').then((data) => {
      const own: string | undefined = data?.userId
      // @ts-expect-error: nobody has declared such a field
      data?.nothing
    })
    new Lembro({ owner: (data) => data.userId, ttl: (_options, data) => data.userId.length })
    // @ts-expect-error: an owner is not a field of another type
    new Lembro({ owner: (data) => data.cookie })
    const end: () => void = collectMetrics(store, { register: new Registry(), name: 'a' })
    const page = monitor(store, { authorize: async (req) => req.url === '/' })
    createServer((req, res) => page(req, res, () => {}))
    app.use('/sessions', monitor(store, { authorize: (req: Request) => req.session.userId === 'ann' }))
    const pageIsAny: IsAny<typeof page> = false
    // @ts-expect-error: somebody must say who may see it
    monitor(store, {})
    // @ts-expect-error: there is no such option
    new Lembro({ maxsize: 1 })
    // @ts-expect-error: a size is a number or text
    new Lembro({ maxSize: true })
    defaultOwner({ cookie: new session.Cookie(), userId: 'ann' })
  `
  const esm = `
    import session from 'express-session'
    import lembro, { defaultOwner, Lembro } from 'lembro'
    import type { LembroOptions, LembroStats, ReduceReport } from 'lembro'
    import lembroRedis, { Lembro as Redis } from 'lembro/redis'
    import { createClient } from 'redis'
    ${seen}
    declare const app: express.Express
    ${uses}
    ${redisUses}`
  const cjs = `
    import session = require('express-session')
    import lembro = require('lembro')
    type LembroOptions = lembro.LembroOptions
    type LembroStats = lembro.LembroStats
    type ReduceReport = lembro.ReduceReport
    type Lembro = lembro.Lembro
    const { Lembro, defaultOwner } = lembro
    import lembroRedis = require('lembro/redis')
    import { createClient } from 'redis'
    const { Lembro: Redis } = lembroRedis
    ${seen}
    declare const app: express.Express
    ${uses}
    ${redisUses}`

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
