import type { Page } from '@playwright/test'
import { minutesAgo, past } from '../support/api.ts'
import { drawer, expectAccessible, open, row } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const line = (page: Page, name: string) => page.locator('.agent').filter({ has: page.getByRole('link', { name, exact: true }) })
const toggle = (page: Page, name: string) => page.getByRole('link', { name: `Last runs of ${name}` })
const underWay = (page: Page) => page.getByRole('region', { name: 'Runs under way' })

test('what is under way: who waits for somebody first, with progress, and gone soon after its end', async ({ page, api }) => {
  const waiting = await api.create({ agent_name: 'refunds', message: 'Approve the refund', status: 'waiting', started_at: minutesAgo(600) })
  const going = await api.start('build', 'Nightly build', { current_step: 'Compile', steps_total: 4, steps: [{ index: 0, title: 'Fetch', kind: 'prompt', status: 'success' }] })
  await page.clock.install()
  await open(page, '/')
  const rows = underWay(page).locator('[data-execution-id]')
  await expect(rows).toHaveCount(2)
  await expect(rows.first()).toHaveAttribute('data-status', 'waiting')
  await expect(rows.last().getByRole('progressbar')).toHaveAttribute('value', '1')
  await expect(page.getByRole('link', { name: '1 waiting' }).first()).toHaveAttribute('href', /status=waiting/)

  const another = await api.start('build', 'Started while the page is open')
  await expect(rows).toHaveCount(3)
  await expect(rows.first()).toHaveAttribute('data-execution-id', waiting.id)
  await api.patch(going.id, { status: 'success' })
  await expect(underWay(page).locator(`[data-execution-id="${going.id}"]`)).toHaveAttribute('data-status', 'success')
  await page.clock.fastForward(20_000)
  await expect(rows).toHaveCount(2)
  await api.patch(waiting.id, { status: 'running' })
  await expect(rows.first()).toHaveAttribute('data-execution-id', another.id)
  await expectAccessible(page)
})

test('lesson of seed 000: a line opens to the last 20 runs, and they follow the agent live', async ({ page, api }) => {
  await api.batch(Array.from({ length: 25 }, (_, i) => past(5 + i, { agent_name: 'build', message: `Build ${i}`, status: i === 3 ? 'failed' : 'success', error: i === 3 ? 'No space left' : undefined, cost: 0.02, input_tokens: 900, output_tokens: 100 })))
  await api.batch([past(9, { agent_name: 'other', message: 'Other' })])
  await open(page, '/')
  const build = line(page, 'build')
  await expect(build).toContainText('96 %')
  await expect(build).toContainText('$0.50')
  await expect(build.locator('[data-execution-id]')).toHaveCount(0)

  await toggle(page, 'build').click()
  await expect(page).toHaveURL(/open=build/)
  await expect(toggle(page, 'build')).toHaveAttribute('aria-expanded', 'true')
  const runs = build.locator('[data-execution-id]')
  await expect(runs).toHaveCount(20)
  await expect(runs.first()).toContainText('Build 0')
  await expect(runs.nth(3)).toContainText('No space left')
  await expect(runs.first().locator('time').first()).toHaveAttribute('title', /\d{2}:\d{2}.*UTC/)

  const { id } = await api.start('build', 'Begun just now')
  const fresh = build.locator(`[data-execution-id="${id}"]`)
  await expect(runs.first()).toHaveAttribute('data-execution-id', id)
  await expect(runs).toHaveCount(20)
  const elapsed = await fresh.locator('.elapsed').textContent()
  await expect(fresh.locator('.elapsed')).not.toHaveText(elapsed ?? '')
  await expect(fresh.locator('.unknown').first()).toHaveText('—')
  await api.patch(id, { status: 'success', cost: 1, input_tokens: 900, output_tokens: 100 })
  await expect(fresh).toHaveAttribute('data-status', 'success')
  await expect(fresh).toContainText('$1.00')
  // The line follows at its own pace.
  await expect(build).toContainText('$1.50')
  await expectAccessible(page)

  await fresh.getByLabel(/^Actions for/).click()
  await expect(fresh.getByRole('link', { name: 'Details' })).toHaveAttribute('href', new RegExp(id))
  await page.keyboard.press('Escape')

  // A link shows the same lines open.
  await page.reload()
  await expect(line(page, 'build').locator('[data-execution-id]')).toHaveCount(20)
  await toggle(page, 'build').click()
  await expect(line(page, 'build').locator('[data-execution-id]')).toHaveCount(0)
  await expect(page).not.toHaveURL(/open=/)
})

test('a run is stopped from its agent on the dashboard', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await open(page, '/?open=build')
  const run = line(page, 'build').locator(`[data-execution-id="${id}"]`)
  await run.getByRole('button', { name: 'Stop' }).first().click()
  await drawer(page).getByRole('button', { name: 'Stop' }).click()
  await expect(run).toContainText(/stop|cancel/i)
  expect((await api.get(id)).cancel_requested).toBe(true)
  await expect(row(page, id).first()).toBeVisible()
})
