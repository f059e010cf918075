import { AxeBuilder } from '@axe-core/playwright'
import { type Page, expect } from '@playwright/test'

/** The rows of the list. */
export const rows = (page: Page) => page.locator('main [data-execution-id]')
export const row = (page: Page, id: string) => page.locator(`main [data-execution-id="${id}"]`)
export const drawer = (page: Page) => page.locator('dialog[open]')
export const search = (page: Page) => page.locator('input[type=search]')

/** Opens the filter with this name (Agent, Status, Trigger …). */
export const filter = (page: Page, name: string) =>
  page.locator('main').locator('summary, button').filter({ hasText: new RegExp(`^\\s*${name}`) }).first()

/** An active filter, shown so that nothing hides rows in silence. */
export const chip = (page: Page, text: string | RegExp) => page.locator('.chip').filter({ hasText: text })

export async function choose(page: Page, name: string, ...values: string[]) {
  await filter(page, name).click()
  for (const value of values) await page.locator('.menu').getByRole('checkbox', { name: value }).check()
  await page.keyboard.press('Escape')
}

export const connection = (page: Page, state: string) =>
  expect(page.locator('html')).toHaveAttribute('data-connection', state, { timeout: 20_000 })

/** Opens a page and waits until it follows the server by itself. */
export async function open(page: Page, path: string) {
  await page.goto(path)
  await expect(page.locator('html')).toHaveAttribute('data-hydrated')
  await connection(page, 'live')
}

/** The ids of the rows in the document now, in the order they are shown. */
export const idsShown = (page: Page) =>
  rows(page).evaluateAll((nodes) =>
    nodes
      .map((node) => ({ id: node.getAttribute('data-execution-id') ?? '', top: node.getBoundingClientRect().top }))
      .sort((a, b) => a.top - b.top)
      .map(({ id }) => id),
  )

/** Leaves a mark on the document and on a row's node: both are gone after a reload, the row's after it was replaced. */
export async function mark(page: Page, id: string) {
  await page.evaluate(() => Object.assign(window, { marked: true }))
  await row(page, id).evaluate((node) => Object.assign(node, { marked: true }))
}

export async function expectMarked(page: Page, id: string) {
  expect(await page.evaluate(() => 'marked' in window), 'the page was not reloaded').toBe(true)
  expect(await row(page, id).evaluate((node) => 'marked' in node), 'the row is the same node').toBe(true)
}

/** Nothing on the page as it is now keeps anybody out. `rules`: only these are looked at. */
export async function expectAccessible(page: Page, rules: string[] = []) {
  const axe = new AxeBuilder({ page })
  if (rules.length) axe.withRules(rules)
  const { violations } = await axe.analyze()
  const found = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`))
  expect(found).toEqual([])
}
