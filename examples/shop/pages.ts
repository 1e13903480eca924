/** The pages of the shop, as HTML. */

import type { LembroStats, OwnedSession } from 'lembro'
import { counted, percent, readable } from './figures'
import { type Cart, GOODS, type Good, type Line, linesOf, totalOf } from './goods'
import { Html, html } from './html'

/** A newcomer who is seen so long after the sign-in is a member. */
const MEMBER_AFTER_S = 60
const MOST_DEVICES = 5

/** What the shop's one page shows. */
export interface ShopView {
  readonly visits: number
  readonly cart: Cart
  readonly userId: string | undefined
  readonly notice: string | undefined
  /** Whether the browser came with a session that is no more. */
  readonly forgotten: boolean
  /** Seconds since the sign-in. */
  readonly signedInFor: number
  readonly devices: readonly OwnedSession[]
  readonly stats: LembroStats
}

export function shopPage(view: ShopView): string {
  const { visits, cart, userId, notice, forgotten, signedInFor, devices, stats } = view
  return page(
    html`
    ${notice === undefined ? undefined : html`<p class="notice">${notice}</p>`}
    <p class="visits">${greeting(userId)} ${forgotten ? 'Your session has ended: you were signed out elsewhere, or it had to make room.' : visitText(visits)} <span class="quiet">${standing(userId, signedInFor)}</span></p>
    ${thingsToTry()}
    <div class="columns">
      <section class="shelf">
        <h2>Things to remember by</h2>
        <ul class="goods">${GOODS.map(goodCard)}</ul>
      </section>
      <aside>
        ${cartSection(linesOf(cart))}
        ${userId === undefined ? signInSection() : memberSection(userId, devices)}
      </aside>
    </div>
  `,
    budgetBar(stats),
  )
}

export function errorPage(message: string): string {
  return page(html`<p class="notice">${message}</p><p><a href="/">Back to the shop</a></p>`)
}

/** The store's budget as it is now: the page in the browser fetches it again and again. */
export function budgetBar(stats: LembroStats): Html {
  const { sessions, anonymous, newcomers, members, bytes, maxBytes, evicted } = stats
  const held = `${readable(bytes)} of ${readable(maxBytes)} (${percent(bytes, maxBytes)})`
  return html`
    <dl class="budget">
      <div class="held">
        <dt>Session store</dt>
        <dd><progress max="${maxBytes}" value="${bytes}" aria-hidden="true"></progress>${held}</dd>
      </div>
      <div><dt>${counted(sessions, 'session')}</dt><dd>${counted(members, 'member')}, ${counted(newcomers, 'newcomer')}, ${counted(anonymous, 'stranger')}</dd></div>
      <div><dt>Evicted to make room</dt><dd>${counted(evicted.anonymous, 'stranger')}, ${counted(evicted.members, 'member')}</dd></div>
    </dl>`
}

function page(content: Html, budget?: Html): string {
  return html`${new Html('<!doctype html>')}
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>The Lembro Shop</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/shop.css">
    <script type="module" src="/page.js"></script>
  </head>
  <body>
    <header>
      <h1><a href="/">The Lembro Shop</a></h1>
      ${budget === undefined ? undefined : html`<p>${WHERE}</p>`}
      <div class="store">${budget}<a class="button" href="/sessions/">Watch the store</a></div>
    </header>
    <main>${content}</main>
    <p id="announcer" class="visually-hidden" role="status"></p>
  </body>
</html>
`.text
}

const WHERE =
  'The sessions of this shop live in its own process, in the room that the bar shows: nothing else remembers you.'

/** How the store takes the visitor: what it says of them when room is needed. */
function standing(userId: string | undefined, seconds: number): string {
  if (userId === undefined)
    return 'To the store you are a stranger: the first to go when room is needed.'
  const left = MEMBER_AFTER_S - seconds
  if (left <= 0) return 'To the store you are a member: no flood of strangers pushes you out.'
  return `To the store you are a newcomer, and a member if you come back in ${left} s.`
}

function thingsToTry(): Html {
  return html`
    <section class="try">
      <h2 tabindex="-1">Three things to try</h2>
      <ol class="tries">
        <li>Sign in, open a second browser or a private window, sign in there with the same name, and sign one of them out from the other.</li>
        <li>Sign in, send the strangers, and see who stays. ${button('visitors', 'Send 1,500 strangers')}</li>
        <li>Start it with <code>npm start -- --save sessions.db</code>, kill it, start it again, and come back: you are still signed in.</li>
      </ol>
    </section>`
}

function greeting(userId: string | undefined): Html {
  return userId === undefined ? html`Welcome.` : html`Welcome, <strong>${userId}</strong>.`
}

function visitText(visits: number): string {
  return visits === 1 ? 'This is your first visit.' : `This is your visit number ${visits}.`
}

function goodCard(good: Good): Html {
  return html`
    <li>
      <h3>${good.name}</h3>
      <p>${good.about}</p>
      <div class="buy">
        <span>${price(good.cents)}</span>
        ${addButton(good)}
      </div>
    </li>`
}

function cartSection(lines: Line[]): Html {
  if (lines.length === 0) {
    return html`<section><h2 id="cart" tabindex="-1">Your cart</h2><p class="quiet">Nothing in it yet.</p></section>`
  }
  return html`
    <section>
      <h2 id="cart" tabindex="-1">Your cart</h2>
      <ul class="lines">${lines.map(cartLine)}</ul>
      <p class="total"><span>Total</span> <span>${price(totalOf(lines))}</span></p>
    </section>`
}

function cartLine({ good, count }: Line): Html {
  return html`
    <li>
      <span>${count} × ${good.name}</span>
      <span>${price(good.cents * count)}</span>
      ${removeButton(good)}
    </li>`
}

function signInSection(): Html {
  return html`
    <section>
      <h2 tabindex="-1">Sign in</h2>
      <form method="post" action="/sign-in" class="sign-in">
        <label for="name">Your name</label>
        <input id="name" name="name" required maxlength="40" autocomplete="username">
        <button id="sign-in">Sign in</button>
      </form>
      <p class="quiet">Any name will do: this is an example and asks for no password.</p>
    </section>`
}

function memberSection(userId: string, devices: readonly OwnedSession[]): Html {
  const others = devices.filter(({ current }) => !current)
  const more = others.length - MOST_DEVICES
  return html`
    <section>
      <h2 tabindex="-1">Signed in as ${userId}</h2>
      ${button('sign-out', 'Sign out', 'secondary')}
      <h3>Your devices</h3>
      <ul class="devices">
        <li>This browser</li>
        ${others.slice(0, MOST_DEVICES).map(deviceItem)}
      </ul>
      ${more > 0 ? html`<p class="quiet">and ${more} more</p>` : undefined}
      ${others.length > 0 ? button('sign-out-elsewhere', 'Sign out everywhere else') : html`<p class="quiet">None: only this one.</p>`}
    </section>`
}

function deviceItem({ handle, device, created = 0 }: OwnedSession): Html {
  const name = String(device ?? 'a browser')
  return html`
    <li>
      <span>${name}, <span class="quiet">signed in ${ago(created)}</span></span>
      <form method="post" action="/sign-out-device">
        <input type="hidden" name="handle" value="${handle}">
        <button id="end-${handle}" class="secondary" aria-label="Sign out: ${name}">Sign out</button>
      </form>
    </li>`
}

// The name of the good is beside the button for the eye, and in it for the ear.
function addButton({ id, name }: Good): Html {
  return html`
    <form method="post" action="/cart/add">
      <input type="hidden" name="good" value="${id}">
      <button id="add-${id}" aria-label="Add to cart: ${name}">Add to cart</button>
    </form>`
}

function removeButton({ id, name }: Good): Html {
  return html`
    <form method="post" action="/cart/remove">
      <input type="hidden" name="good" value="${id}">
      <button id="remove-${id}" aria-label="Remove one: ${name}">Remove one</button>
    </form>`
}

function button(action: string, label: string, kind = 'primary'): Html {
  return html`<form method="post" action="/${action}"><button id="${action}" class="${kind}">${label}</button></form>`
}

function price(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`
}

function ago(instant: number): string {
  const minutes = Math.floor((Date.now() - instant) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  return `${Math.floor(minutes / 60)} h ago`
}
