/** The shop as an Express application: its routes, over the sessions in a store. It does not listen. */

import { join } from 'node:path'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import session from 'express-session'
import type { Lembro } from 'lembro'
import { counted } from './figures'
import { add, goodOf, remove } from './goods'
import { operatorRoutes } from './operator'
import { budgetBar, errorPage, shopPage } from './pages'
import { destroy, regenerate } from './session'

const COOKIE = 'shop.sid'
const LONGEST_NAME = 40
/** More than the room of the shop holds, unless it was given more. */
const STRANGERS = 1_500
// No script but the shop's own file, so that a forgotten escape can do little.
const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; " +
  "form-action 'self'; frame-ancestors 'none'"

/** The shop, its sessions in this store, their cookies signed with this secret. `sendStrangers` has so many come by. */
export function createApp(
  store: Lembro,
  secret: string,
  sendStrangers: (count: number) => unknown = () => {},
): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(secure)
  // Before the sessions: these need none, and who watches the store must not fill it.
  for (const file of ['shop.css', 'page.js']) {
    app.get(`/${file}`, (_req, res) => res.sendFile(join(__dirname, file)))
  }
  app.get('/budget', (_req, res) => res.send(budgetBar(store.stats()).text))
  app.use(operatorRoutes(store))
  app.use(
    session({
      store,
      name: COOKIE,
      secret,
      resave: false,
      saveUninitialized: false,
      // A shop on the internet also sets `secure: true`, for cookies over HTTPS only.
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
  )
  app.use(requireSession)
  app.use(express.urlencoded({ extended: false, limit: '4kb' }))
  app.get('/', showShop(store))
  app.post('/cart/add', addToCart)
  app.post('/cart/remove', removeFromCart)
  app.post('/sign-in', signIn)
  app.post('/sign-out', signOut)
  app.post('/sign-out-elsewhere', signOutElsewhere(store))
  app.post('/sign-out-device', signOutDevice(store))
  app.post('/visitors', (req, res) => {
    sendStrangers(STRANGERS)
    req.session.notice = `${STRANGERS.toLocaleString('en')} strangers are on the way: watch the bar.`
    goHome(req, res)
  })
  app.use((_req, res) => sendError(res, 404, 'There is no such page.'))
  app.use(reportError)
  return app
}

/** While Redis can't be reached express-session lets requests pass without a session. */
function requireSession(req: Request, res: Response, next: NextFunction): void {
  if (req.session === undefined) {
    res.set('Retry-After', '5')
    sendError(res, 503, 'The shop can not look up who you are now. Please try again in a moment.')
  } else {
    next()
  }
}

function secure(_req: Request, res: Response, next: NextFunction): void {
  res.set('Content-Security-Policy', POLICY)
  // A page shows one person's session: after signing out, "back" must not show it again.
  res.set('Cache-Control', 'no-store')
  next()
}

function showShop(store: Lembro) {
  return async (req: Request, res: Response) => {
    const { notice, back = false, cart = {}, userId, signedInAt = 0 } = req.session
    const visits = countVisit(req.session.visits, back)
    req.session.visits = visits
    delete req.session.notice
    delete req.session.back
    const signedInFor = Math.floor((Date.now() - signedInAt) / 1000)
    const current = req.sessionID
    const devices = userId === undefined ? [] : await store.sessionsOf(userId, { current })
    // The browser has come with a cookie of this shop, and the store has made a new session of it.
    const forgotten = visits === 1 && !back && (req.headers.cookie ?? '').includes(`${COOKIE}=`)
    const stats = store.stats()
    res.send(shopPage({ visits, cart, userId, notice, forgotten, signedInFor, devices, stats }))
  }
}

// Who comes back from a form has not come anew.
function countVisit(before = 0, back: boolean): number {
  return back && before > 0 ? before : before + 1
}

function addToCart(req: Request, res: Response): void {
  const good = goodOf(field(req, 'good'))
  if (good !== undefined) {
    req.session.cart = add(req.session.cart ?? {}, good.id)
    req.session.notice = `${good.name} added to your cart.`
  }
  goHome(req, res, good && `#add-${good.id}`)
}

function removeFromCart(req: Request, res: Response): void {
  const good = goodOf(field(req, 'good'))
  if (good !== undefined) {
    req.session.cart = remove(req.session.cart ?? {}, good.id)
    req.session.notice = `One ${good.name} taken out of your cart.`
  }
  goHome(req, res, good && '#cart')
}

async function signIn(req: Request, res: Response): Promise<void> {
  const name = field(req, 'name').trim().replace(/\s+/g, ' ').slice(0, LONGEST_NAME)
  if (name === '') {
    req.session.notice = 'Please enter a name.'
    return goHome(req, res)
  }
  const { visits = 0, cart = {} } = req.session
  await regenerate(req)
  Object.assign(req.session, { visits, cart, userId: name, signedInAt: Date.now() })
  goHome(req, res)
}

async function signOut(req: Request, res: Response): Promise<void> {
  await destroy(req)
  res.clearCookie(COOKIE)
  goHome(req, res)
}

function signOutDevice(store: Lembro) {
  return async (req: Request, res: Response) => {
    const { userId } = req.session
    if (userId !== undefined) {
      const ended = await store.destroyOwner(userId, { only: field(req, 'handle') })
      req.session.notice = ended > 0 ? 'Signed out there.' : 'That session had ended already.'
    }
    goHome(req, res)
  }
}

function signOutElsewhere(store: Lembro) {
  return async (req: Request, res: Response) => {
    const { userId } = req.session
    if (userId !== undefined) {
      const ended = await store.destroyOwner(userId, { except: req.sessionID })
      req.session.notice = `Signed out of ${counted(ended, 'other session')}.`
    }
    goHome(req, res)
  }
}

// 303: the browser comes back with a GET, and reloading the page sends no form again. The place on
// the page is for a browser without scripts.
function goHome(req: Request, res: Response, place = ''): void {
  if (req.session !== undefined) req.session.back = true
  res.redirect(303, `/${place}`)
}

function field(req: Request, name: string): string {
  const body: unknown = req.body
  const value = (body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : ''
}

// Express knows an error handler by its four parameters.
function reportError(error: unknown, _req: Request, res: Response, next: NextFunction): void {
  if (res.headersSent) {
    next(error)
    return
  }
  const { status = 500 } = Object(error) as { status?: number }
  if (status >= 500) console.error(error)
  sendError(res, status, status < 500 ? 'That was not understood.' : 'Something went wrong here.')
}

function sendError(res: Response, status: number, message: string): void {
  res.status(status).send(errorPage(message))
}
