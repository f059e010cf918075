import type { Browser, Page } from '@playwright/test'
import type { Api, Approval } from './api.ts'
import { ADMIN, type Server, USER } from './server.ts'
import { signIn } from './test.ts'

export const BOTH = [ADMIN.email, USER.email]

/** A page of somebody else, beside the test's own. */
export async function pageOf(browser: Browser, server: Server, who: { email: string; password: string }): Promise<Page> {
  const context = await browser.newContext()
  await signIn(context, server, who)
  return context.newPage()
}

/** A run that goes on elsewhere and asks Ann and Bo; Ann's token has started it. */
export async function asked(api: Api, more: object = {}, message = 'Offer to Hansen GmbH'): Promise<{ run: string; ask: Approval }> {
  const { id } = await api.start('mailer', message)
  const ask = await api.ask(id, {
    kind: 'approval',
    title: 'Send the offer',
    message: 'To **Hansen GmbH**, with the price list.',
    approvers: BOTH,
    policy: 'all',
    allow_requester: true,
    parameters: { to: 'hansen@example.com', total: 1200 },
    ...more,
  })
  return { run: id, ask }
}

/** The entry in the navigation, with its number. */
export const entry = (page: Page) =>
  page.getByRole('navigation', { name: 'Main', exact: true }).getByRole('link', { name: /^Approvals/ })

export const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
export const toast = (page: Page) => page.locator('.toast')
/** What somebody has said, on the page of a request. */
export const decider = (page: Page, name: RegExp) => page.locator('.deciders li').filter({ hasText: name })
export const approve = (page: Page) => page.getByRole('button', { name: 'Approve', exact: true })
export const reject = (page: Page) => page.getByRole('button', { name: 'Reject', exact: true })
