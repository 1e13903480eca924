/** Types of Koa, as far as specs need them: those of DefinitelyTyped do not compile beside content-disposition 2. */

declare module 'koa' {
  import type { RequestListener } from 'node:http'

  interface Context {
    readonly path: string
    body: unknown
    session: object | null
  }

  class Koa {
    keys: string[]
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): this
    callback(): RequestListener
  }

  export = Koa
}
