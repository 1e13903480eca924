// A worker of node:cluster with two stores in memory, for `worker.spec.ts`.
const { Lembro } = require('../../lib')

new Lembro()
new Lembro()
setImmediate(() => process.exit())
