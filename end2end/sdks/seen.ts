import { type Locator, type Page, expect } from '@playwright/test'
import { drawer, row } from '../support/page.ts'
import type { Truth } from './model.ts'
import { type Scenario, weatherIn } from './scenarios.ts'
import type { Sdk } from './sdks.ts'
import { callsOf } from './truth.ts'

/** A number of the run in the drawer, by its name. */
export const fact = (page: Page, name: string) =>
  drawer(page).locator('.facts > div').filter({ has: page.getByText(name, { exact: true }) }).locator('dd')

/** A text of the run in the drawer (Message, Response, Error), without its title. */
export const text = (page: Page, title: string) =>
  drawer(page).locator('section.text').filter({ has: page.getByRole('heading', { name: title, exact: true }) })

/** The tokens as the page tells them: what the SDK says nothing of is not there. */
export function tokens({ tells }: Sdk, truth: Truth): string {
  const parts = [`${truth.input} input`, `${truth.output} output`]
  if (tells.cached) parts.push(`${truth.cached} cached`)
  if (tells.reasoning) parts.push(`${truth.reasoning} reasoning`)
  return parts.join(' · ')
}

/** Opens the run from its row in the list. */
export async function openFromList(page: Page, id: string, task: string) {
  await row(page, id).getByText(task).click()
  await expect(drawer(page)).toBeVisible()
}

/** A value of a tool call that is open, by its title. */
const part = (call: Locator, title: string) => call.locator(`.part-title:text-is("${title}") + .json`)

/** Looks at every tool call in the drawer: what went in, what came out, and that there is none besides. */
export async function expectCalls(page: Page, sdk: Sdk, scenario: Scenario) {
  await drawer(page).getByRole('link', { name: /^Tool calls/ }).or(drawer(page).getByRole('tab', { name: /^Tool calls/ })).click()
  const calls = drawer(page).locator('details.call')
  const expected = callsOf(sdk, scenario)
  await expect(calls).toHaveCount(expected.length)
  for (const summary of await calls.locator('> summary').all()) await summary.click()
  for (const { name, arguments: args } of expected) {
    const [given] = Object.values(args)
    const named = calls.filter({ has: page.locator('summary code', { hasText: new RegExp(`^${name}$`) }) })
    const call = named.filter({ has: page.locator('.json', { hasText: given }) })
    await expect(call, `${name} ${given}`).toHaveCount(1)
    await expect(part(call, 'Arguments')).toContainText(given)
    if (name === 'get_weather') await expect(part(call, 'Result')).toHaveText(weatherIn(given))
    if (name === 'find_booking') await expect(call.locator('.call-error')).toContainText(sdk.toolError)
    else await expect(call.locator('.call-error')).toHaveCount(0)
    await expect(call).toHaveAttribute('data-status', name === 'find_booking' ? 'failed' : 'success')
  }
}
