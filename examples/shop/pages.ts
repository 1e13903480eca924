/** The pages of the shop, as HTML. */

import type { LembroStats } from 'lembro'
import { counted, percent, readable } from './figures'
import { type Cart, GOODS, type Good, type Line, linesOf, totalOf } from './goods'
import { Html, html } from './html'
import type { OtherSession, OtherSessions } from './session'

/** What the shop's one page shows. */
export interface ShopView {
  readonly visits: number
  readonly cart: Cart
  readonly userId: string | undefined
  readonly notice: string | undefined
  readonly others: OtherSessions
  readonly stats: LembroStats
}

export function shopPage(view: ShopView): string {
  const { visits, cart, userId, notice, others, stats } = view
  return page(html`
    ${notice === undefined ? undefined : html`<p class="notice" role="status">${notice}</p>`}
    <p class="visits">${greeting(userId)} ${visitText(visits)}</p>
    <div class="columns">
      <section class="shelf">
        <h2>Things to remember by</h2>
        <ul class="goods">${GOODS.map(goodCard)}</ul>
      </section>
      <aside>
        ${cartSection(linesOf(cart))}
        ${userId === undefined ? signInSection() : memberSection(userId, others)}
      </aside>
    </div>
    ${footer(stats)}
  `)
}

export function errorPage(message: string): string {
  return page(html`<p class="notice">${message}</p><p><a href="/">Back to the shop</a></p>`)
}

function page(content: Html): string {
  return html`${new Html('<!doctype html>')}
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>The Lembro Shop</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/shop.css">
  </head>
  <body>
    <header><a href="/">The Lembro Shop</a></header>
    <main>${content}</main>
  </body>
</html>
`.text
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
        ${button('/cart/add', 'Add to cart', { good: good.id })}
      </div>
    </li>`
}

function cartSection(lines: Line[]): Html {
  if (lines.length === 0) {
    return html`<section><h2>Your cart</h2><p class="quiet">Nothing in it yet.</p></section>`
  }
  return html`
    <section>
      <h2>Your cart</h2>
      <ul class="lines">${lines.map(cartLine)}</ul>
      <p class="total"><span>Total</span> <span>${price(totalOf(lines))}</span></p>
    </section>`
}

function cartLine({ good, count }: Line): Html {
  return html`
    <li>
      <span>${count} × ${good.name}</span>
      <span>${price(good.cents * count)}</span>
      ${button('/cart/remove', 'Remove one', { good: good.id })}
    </li>`
}

function signInSection(): Html {
  return html`
    <section>
      <h2>Sign in</h2>
      <form method="post" action="/sign-in" class="sign-in">
        <label for="name">Your name</label>
        <input id="name" name="name" required maxlength="40" autocomplete="username">
        <button>Sign in</button>
      </form>
      <p class="quiet">Any name will do: this is an example and asks for no password.</p>
    </section>`
}

function memberSection(userId: string, others: OtherSessions): Html {
  return html`
    <section>
      <h2>Signed in as ${userId}</h2>
      ${button('/sign-out', 'Sign out')}
      <h3>Your other sessions</h3>
      ${others.count === 0 ? html`<p class="quiet">None: only this one.</p>` : otherList(others)}
    </section>`
}

function otherList({ count, newest }: OtherSessions): Html {
  const more = count - newest.length
  return html`
    <ul class="others">${newest.map(otherItem)}</ul>
    ${more > 0 ? html`<p class="quiet">and ${more} more</p>` : undefined}
    ${button('/sign-out-elsewhere', 'Sign out everywhere else')}`
}

function otherItem({ browser, signedInAt }: OtherSession): Html {
  return html`<li>${browser}, <span class="quiet">signed in ${ago(signedInAt)}</span></li>`
}

function footer({ sessions, owned, bytes, maxBytes }: LembroStats): Html {
  return html`
    <footer>
      The store holds ${counted(sessions, 'session')}, ${owned} signed in, in ${readable(bytes)} of
      ${readable(maxBytes)} (${percent(bytes, maxBytes)}).
    </footer>`
}

function button(action: string, label: string, fields: Record<string, string> = {}): Html {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${action}">${inputs}<button>${label}</button></form>`
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
