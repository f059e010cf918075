import { type BrowserContext, type Page, expect, test as base } from '@playwright/test'
import { Api } from './api.ts'
import { ADMIN, Server, Template } from './server.ts'

/** What a page must never do; `allow` names what a test provokes on purpose. */
export class Complaints {
  readonly seen: string[] = []
  private allowed: RegExp[] = []

  allow(...patterns: RegExp[]) {
    this.allowed.push(...patterns)
  }

  watch(context: BrowserContext, host: string) {
    const watchPage = (page: Page) => {
      page.on('pageerror', (error) => this.seen.push(`error: ${error.message}`))
    }
    context.pages().forEach(watchPage)
    context.on('page', watchPage)
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) {
        this.seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`)
      }
    })
    context.on('request', (request) => {
      const url = new URL(request.url())
      if (url.protocol.startsWith('http') && url.host !== host) this.seen.push(`request to ${url.host}`)
    })
  }

  get unexpected() {
    return this.seen.filter((text) => !this.allowed.some((pattern) => pattern.test(text)))
  }
}

/** The server can't be reached, and the browser says so by itself. */
export const CONNECTION_LOST = /ERR_CONNECTION|ERR_INTERNET_DISCONNECTED|ERR_EMPTY_RESPONSE|WebSocket connection to|ERR_NETWORK/

type Fixtures = {
  /** Who is signed in before the test starts; `null`: nobody. */
  signedInAs: { email: string; password: string } | null
  /** Options of `runboard serve`. */
  serving: string[]
  server: Server
  api: Api
  complaints: Complaints
}

export const test = base.extend<Fixtures, { template: Template }>({
  template: [
    async ({}, use) => {
      const template = new Template()
      await use(template)
      template.remove()
    },
    { scope: 'worker' },
  ],
  signedInAs: [ADMIN, { option: true }],
  serving: [[], { option: true }],
  server: async ({ template, serving }, use) => {
    const server = await Server.start(template, serving)
    await use(server)
    await server.remove()
  },
  api: async ({ server }, use) => use(new Api(server)),
  baseURL: async ({ server }, use) => use(server.url),
  complaints: [
    async ({ context, server, javaScriptEnabled }, use) => {
      const complaints = new Complaints()
      // What the page asks for ahead of its program is not used without JavaScript.
      if (javaScriptEnabled === false) complaints.allow(/runboard\.\w+ was preloaded/)
      complaints.watch(context, new URL(server.url).host)
      await use(complaints)
      expect(complaints.unexpected, 'what the pages complained about').toEqual([])
    },
    { auto: true },
  ],
  context: async ({ context, server, signedInAs }, use) => {
    if (signedInAs) await signIn(context, server, signedInAs)
    await use(context)
  },
})

export async function signIn(context: BrowserContext, server: Server, who: { email: string; password: string }) {
  const answer = await context.request.post(`${server.url}/api/login`, { data: who, headers: { origin: server.url } })
  expect(answer.status(), await answer.text()).toBe(204)
}

export { expect }
