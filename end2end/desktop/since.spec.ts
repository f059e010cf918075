import type { Page } from '@playwright/test'
import { minutesAgo, past } from '../support/api.ts'
import { drawer, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const line = (page: Page) => page.getByRole('region', { name: 'Since you left' })

test('what happened while the reader was away is counted, linked and walked through', async ({ page, api }) => {
  const left = await api.newest()
  const [good, bad] = await api.batch([
    past(30, { agent_name: 'a', message: 'Went well' }),
    past(20, { agent_name: 'a', message: 'Went wrong', status: 'failed', error: 'No' }),
  ])
  const waits = await api.create({ agent_name: 'a', message: 'Waits', status: 'waiting', started_at: minutesAgo(10) })
  await api.seen(left)
  await open(page, '/executions')
  await expect(line(page)).toContainText('Since you left')
  for (const words of ['1 failed', '1 waiting', '1 succeeded']) await expect(line(page)).toContainText(words)
  // What happens from now on is no absence, and a reload loses nothing.
  await api.batch([past(1, { agent_name: 'a', message: 'Later', status: 'failed' })])
  await open(page, '/executions')
  await expect(line(page)).toContainText('1 failed')

  for (const id of [waits.id, bad, good]) {
    await page.keyboard.press('n')
    await expect(page).toHaveURL(new RegExp(`run=${id}`))
  }
  await expect(line(page)).toContainText('3 of 3')
  await page.keyboard.press('n')
  await expect(line(page)).toContainText('That was all.')
  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)

  await line(page).getByRole('link', { name: '1 failed' }).click()
  await expect(rows(page)).toHaveCount(1)
  await expect(row(page, bad)).toBeVisible()
  await line(page).getByRole('button', { name: 'Mark as seen' }).click()
  await expect(line(page)).toHaveCount(0)
  await open(page, '/executions?last=7d')
  await expect(rows(page)).toHaveCount(4)
  await expect(line(page)).toHaveCount(0)
})

test('nobody is told of what they saw happen', async ({ page, api }) => {
  await open(page, '/executions')
  const [id] = await api.batch([past(2, { agent_name: 'a', message: 'Before their eyes', status: 'failed' })])
  await expect(row(page, id)).toBeVisible()
  await open(page, '/executions')
  await expect(row(page, id)).toBeVisible()
  await expect(line(page)).toHaveCount(0)
})

test.describe('notifications', () => {
  const account = (page: Page) => page.locator('summary[aria-label^="Account"]')
  const choice = (page: Page) => page.getByRole('checkbox', { name: 'Desktop notification' })

  /** A browser whose notifications can be looked at. */
  const stub = (permission: string) => `
    window.shown = []
    window.Notification = class {
      // Kept from page to page, as a browser keeps it.
      static get permission() { return sessionStorage.getItem('permission') ?? '${permission}' }
      static set permission(value) { sessionStorage.setItem('permission', value) }
      static asked = 0
      static async requestPermission() { this.asked += 1; if (this.permission === 'default') this.permission = 'granted'; return this.permission }
      constructor(title, options) { this.title = title; this.body = options.body; window.shown.push(this) }
      close() {}
    }`
  const shown = (page: Page) =>
    page.evaluate(() => (window as unknown as { shown: { title: string; body: string }[] }).shown.map(({ title, body }) => ({ title, body })))

  test('a run that fails or waits is told once, and a batch as one', async ({ page, api }) => {
    await page.addInitScript(stub('default'))
    await open(page, '/executions?agent=nobody')
    expect(await page.evaluate(() => (Notification as unknown as { asked: number }).asked)).toBe(0)
    await account(page).click()
    await choice(page).check()
    await expect.poll(() => page.evaluate(() => Notification.permission)).toBe('granted')
    // Another page of the site listens just as well.
    await open(page, '/agents')
    const run = await api.start('invoices', 'Process invoice 1047')
    await api.patch(run.id, { status: 'failed', error: 'secret' })
    await expect.poll(() => shown(page)).toEqual([{ title: 'invoices failed', body: 'Process invoice 1047' }])
    await api.patch(run.id, { cost: 0.5 })
    await api.batch(Array.from({ length: 5 }, (_, i) => past(3 + i, { agent_name: `agent-${i}`, message: 'x', status: 'failed' })))
    await expect.poll(() => shown(page).then((all) => all.slice(1))).toEqual([
      { title: '5 runs failed', body: 'agent-0, agent-1, agent-2 and 2 more' },
    ])
    await page.evaluate(() => (window as unknown as { shown: { onclick(): void }[] }).shown[0].onclick())
    await expect(page).toHaveURL(new RegExp(`/executions/${run.id}`))
  })

  test('a browser that does not allow it is named', async ({ page }) => {
    await page.addInitScript(stub('denied'))
    await open(page, '/executions')
    await account(page).click()
    await choice(page).check()
    await expect(page.getByText(/does not let Runboard notify you/)).toBeVisible()
    await choice(page).uncheck()
    await expect(page.getByText(/does not let Runboard notify you/)).toHaveCount(0)
  })
})
