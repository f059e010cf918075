import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { minutesAgo, past } from '../support/api.ts'
import { choose, connection, drawer, idsShown, open, row, rows } from '../support/page.ts'
import { CONNECTION_LOST, expect, test } from '../support/test.ts'

const bar = (page: Page) => page.getByRole('region', { name: 'Selected runs' })
const box = (page: Page, id: string) => row(page, id).getByRole('checkbox')
const button = (page: Page, name: string | RegExp) => drawer(page).getByRole('button', { name })
const going = (message: string, minutes = 5) => ({ agent_name: 'build', message, status: 'running' as const, started_at: minutesAgo(minutes) })
const many = (n: number) => Array.from({ length: n }, (_, i) => going(`Build ${i}`, 5 + i / 100))
const state = () => document.activeElement?.closest('dialog, .bulk-bar, main')?.className

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`))).toEqual([])
}

test('rows are selected by key, by Shift and by the head, and nothing moves for it', async ({ page, api }) => {
  const ids = await api.batch(many(6).map((run, i) => ({ ...run, started_at: minutesAgo(5 + i) })))
  await open(page, '/executions')
  expect(await idsShown(page)).toEqual(ids)
  const place = await row(page, ids[2]).boundingBox()
  const text = await row(page, ids[2]).getByRole('link', { name: 'Build 2' }).boundingBox()

  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await expect(bar(page)).toContainText('1 selected')
  await expect(box(page, ids[0])).toBeChecked()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Shift+X')
  await expect(bar(page)).toContainText('3 selected')
  await expect(page.getByRole('status').filter({ hasText: '3 selected' })).toHaveCount(1)
  await box(page, ids[5]).click({ modifiers: ['Shift'] })
  await expect(bar(page)).toContainText('6 selected')
  await page.keyboard.press('x')
  await expect(bar(page)).toContainText('5 selected')
  await expect(box(page, ids[5])).not.toBeChecked()
  expect(await row(page, ids[2]).boundingBox()).toEqual(place)
  expect(await row(page, ids[2]).getByRole('link', { name: 'Build 2' }).boundingBox()).toEqual(text)

  const head = page.getByRole('checkbox', { name: 'Select all loaded runs' })
  await head.click()
  await expect(bar(page)).toContainText('6 selected')
  await head.click()
  await expect(bar(page)).toHaveCount(0)
  // What the browser does with Ctrl-A is the browser's.
  await page.keyboard.press('Control+a')
  await expect(bar(page)).toHaveCount(0)
})

test('the selection is cleared with the filter, aloud', async ({ page, api }) => {
  const [id] = await api.batch([going('One'), past(6, { agent_name: 'build', message: 'Two' })])
  await open(page, '/executions')
  await box(page, id).check()
  await choose(page, 'Status', 'Running')
  await expect(page).toHaveURL(/status=running/)
  await expect(bar(page)).toHaveCount(0)
  await expect(page.getByRole('status').filter({ hasText: 'selection is cleared' })).toHaveCount(1)
  await expect(box(page, id)).not.toBeChecked()
})

test('a dry run says what will and what will not happen, then exactly that happens', async ({ page, api }) => {
  const [one, two, asked, over, other] = await api.batch([
    going('First', 1),
    going('Second', 2),
    going('Asked before', 3),
    past(4, { agent_name: 'build', message: 'Over' }),
    going('Not selected', 5),
  ])
  await open(page, '/executions')
  await row(page, asked).getByRole('button', { name: 'Stop' }).click()
  await button(page, 'Stop').click()
  await expect(row(page, asked)).toContainText('Stopping')
  for (const id of [one, two, asked, over]) await box(page, id).check()
  await expect(bar(page)).toContainText('4 selected')
  const retry = bar(page).getByRole('button', { name: 'Retry…' })
  await expect(retry).toHaveAccessibleDescription('only runs of agents started from here can be retried')
  await expect(retry).toBeDisabled()

  await bar(page).getByRole('button', { name: 'Stop…' }).click()
  await expect(drawer(page)).toContainText('Stop 2 runs?')
  await expect(drawer(page).getByRole('list', { name: 'Will be acted on' })).toContainText('First')
  await expect(drawer(page)).toContainText('2 runs are left out')
  await drawer(page).getByText('1 already ended').click()
  await expect(drawer(page).getByText('Over', { exact: true })).toBeVisible()
  await drawer(page).getByText('1 already asked to stop').click()
  await expect(drawer(page).getByText('Asked before')).toBeVisible()
  expect((await api.get(one)).cancel_requested, 'nothing has happened yet').toBe(false)

  // Cancelled, the selection is as it was, and the keyboard where it was.
  await button(page, 'Cancel').click()
  await expect(bar(page)).toContainText('4 selected')
  await expect(bar(page).getByRole('button', { name: 'Stop…' })).toBeFocused()

  await page.keyboard.press('Enter')
  await button(page, 'Stop 2 runs').dblclick()
  await expect(drawer(page)).toContainText('Asked to stop: 2 of 2')
  await expect(page.locator('#bulk-title')).toBeFocused()
  await expect(drawer(page).getByRole('listitem')).toHaveCount(2)
  for (const id of [one, two]) {
    await expect(row(page, id)).toContainText('Stopping')
    expect((await api.get(id)).cancel_requested).toBe(true)
  }
  expect((await api.get(other)).cancel_requested).toBe(false)
  expect((await api.read('/api/bulk')).jobs, 'a double click makes one job').toHaveLength(1)

  await button(page, 'Close').click()
  await expect(bar(page)).toContainText('Stop: 2 asked to stop')
  await expect.poll(() => page.evaluate(state)).toBe('bulk-bar')
  await bar(page).getByRole('button', { name: 'Dismiss' }).click()
  await expect(bar(page)).toHaveCount(0)

  // It is found again.
  await box(page, other).check()
  await bar(page).getByRole('button', { name: 'Recent…' }).click()
  await drawer(page).getByRole('button', { name: /Stop: 2 asked to stop/ }).click()
  await expect(drawer(page)).toContainText('Asked to stop: 2 of 2')
  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)
})

test('lesson 13: all matching means what matched then: neither other runs nor new ones', async ({ page, api }) => {
  const meant = await api.batch(many(120))
  const other = await api.start('other', 'Another agent')
  await open(page, '/executions?agent=build')
  await page.getByRole('checkbox', { name: 'Select all loaded runs' }).check()
  await expect(bar(page)).toContainText(/(50|100) selected/)
  await bar(page).getByRole('button', { name: 'All 120 matching' }).click()
  await expect(bar(page)).toContainText('All 120 matching selected')

  const before = await api.start('build', 'New before the question')
  await expect(row(page, before.id)).toBeVisible()
  await expect(box(page, before.id)).not.toBeChecked()
  await bar(page).getByRole('button', { name: 'Stop…' }).click()
  await expect(drawer(page)).toContainText('Stop 120 runs?')
  await expect(drawer(page)).toContainText('and 115 more')
  await button(page, 'Stop 120 runs').click()
  const during = await Promise.all([1, 2, 3].map((n) => api.start('build', `New during it ${n}`)))
  await expect(drawer(page)).toContainText('Asked to stop: 120 of 120')
  // The results below the first page.
  await button(page, 'More').click()
  await expect(drawer(page).getByRole('listitem')).toHaveCount(100)

  for (const id of [other.id, before.id, ...during.map((run) => run.id)]) {
    expect((await api.get(id)).cancel_requested).toBe(false)
  }
  for (const id of meant) expect((await api.get(id)).cancel_requested).toBe(true)
})

test('lesson 13: live updates, a gap in the flow and a refresh leave the selection alone', async ({ page, api, context, complaints }) => {
  complaints.allow(CONNECTION_LOST)
  const ids = await api.batch(many(20))
  await open(page, '/executions?status=running')
  for (const id of [ids[1], ids[4], ids[7]]) await box(page, id).check()
  for (let n = 0; n < 50; n++) await api.patch(ids[n % 20], { current_step: `Step ${n}` })
  await api.start('build', 'New one')
  await expect(row(page, ids[9])).toBeVisible()
  await expect(bar(page)).toContainText('3 selected')

  // More happens while the page is away than is replayed: it has to fetch again.
  await context.setOffline(true)
  await connection(page, 'offline')
  for (let n = 0; n < 6; n++) {
    await api.batch(Array.from({ length: 900 }, () => past(9, { agent_name: 'noise', message: 'Noise' })))
  }
  await api.patch(ids[4], { status: 'success' })
  await context.setOffline(false)
  await connection(page, 'live')
  await expect(bar(page)).toContainText('3 selected')
  for (const id of [ids[1], ids[4], ids[7]]) await expect(box(page, id)).toBeChecked()
  await expect(rows(page).getByRole('checkbox', { checked: true })).toHaveCount(3)

  await page.getByRole('button', { name: 'Refresh' }).click()
  await expect(row(page, ids[4])).toHaveCount(0)
  await expect(bar(page)).toContainText('3 selected')
  await bar(page).getByRole('button', { name: 'Stop…' }).click()
  await expect(drawer(page)).toContainText('Stop 2 runs?')
  await expect(drawer(page)).toContainText('1 already ended')
})

test('an aborted job leaves the rest alone and says how far it came', async ({ page, api }) => {
  // Thousands of changes at once keep a page busy; whoever aborts is not to be late for it.
  let quiet = false
  await page.routeWebSocket(/\/ws(\?|$)/, (socket) => {
    const server = socket.connectToServer()
    server.onMessage((message) => {
      if (!quiet) socket.send(message)
    })
  })
  for (let n = 0; n < 4; n++) await api.batch(many(1000))
  await open(page, '/executions')
  await page.getByRole('checkbox', { name: 'Select all loaded runs' }).check()
  await bar(page).getByRole('button', { name: /^All 4,000 matching/ }).click()
  await bar(page).getByRole('button', { name: 'Stop…' }).click()
  await expect(button(page, 'Stop 4,000 runs')).toBeVisible()
  quiet = true
  await button(page, 'Stop 4,000 runs').click()
  await button(page, 'Abort').click()
  await expect(drawer(page)).toContainText(/Aborted: [\d,]+ of 4,000/)
  await expect(button(page, 'Abort')).toHaveCount(0)

  const [job] = (await api.read('/api/bulk')).jobs
  expect(job).toMatchObject({ state: 'aborted', counted: 4000, skipped: 4000 - job.done })
  const results = (await api.read(`/api/bulk/${job.id}?limit=1000`)).results
  for (const at of [0, Math.max(0, job.done - 1), job.done, job.done + 1]) {
    if (at < results.length) expect((await api.get(results[at].id)).cancel_requested).toBe(at < job.done)
  }
})

test('a job goes on when its dialog is closed and when the server is started again', async ({ page, api, server, complaints }) => {
  complaints.allow(CONNECTION_LOST)
  for (let n = 0; n < 4; n++) await api.batch(many(1000))
  await open(page, '/executions')
  await page.getByRole('checkbox', { name: 'Select all loaded runs' }).check()
  await bar(page).getByRole('button', { name: /^All 4,000 matching/ }).click()
  await bar(page).getByRole('button', { name: 'Stop…' }).click()
  await button(page, 'Stop 4,000 runs').click()
  await button(page, 'Close').click()
  // On a quick machine it may be over already.
  await expect(bar(page)).toContainText(/Stopping 4,000 runs|Stop: 4,000 asked to stop/)
  await server.stop('SIGTERM')
  await server.start()
  await connection(page, 'live')
  await expect(bar(page)).toContainText('Stop: 4,000 asked to stop', { timeout: 30_000 })
  const [job] = (await api.read('/api/bulk')).jobs
  expect(job).toMatchObject({ state: 'done', done: 4000, skipped: 0, failed: 0 })
})

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme })
    test(`axe finds nothing in the bar and the dialog, ${colorScheme}`, async ({ page, api }) => {
      const [one, over] = await api.batch([going('First'), past(6, { agent_name: 'build', message: 'Over' })])
      await open(page, '/executions')
      await box(page, one).check()
      await box(page, over).check()
      await expectAccessible(page)
      await bar(page).getByRole('button', { name: 'Stop…' }).click()
      await drawer(page).getByText('1 already ended').click()
      await expectAccessible(page)
      await button(page, 'Stop 1 run').click()
      await expect(drawer(page)).toContainText('Asked to stop: 1 of 1')
      await expectAccessible(page)
      await button(page, 'Recent bulk actions').click()
      await expect(drawer(page).getByRole('listitem')).toHaveCount(1)
      await expectAccessible(page)
      await button(page, 'Close').click()
      await expectAccessible(page)
    })
  })
}
