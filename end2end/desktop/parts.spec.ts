import { past } from '../support/api.ts'
import { drawer, filter, open, row } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test('the list loads a part of the program when it is asked for, and only then', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'invoices', message: 'Process invoice 1047', status: 'success' })])
  const parts: string[] = []
  page.on('request', (request) => {
    const part = /\/pkg\/(\w+)(?:\.\w+)?\.wasm$/.exec(request.url())
    if (part) parts.push(part[1])
  })
  await open(page, '/executions')
  expect(parts).toEqual(['runboard'])
  await row(page, id).getByRole('link', { name: 'Process invoice 1047' }).click()
  await expect(drawer(page)).toContainText('Process invoice 1047')
  expect(parts).toContain('split_run')
})

test("a menu's panel is loaded when it is opened", async ({ page, api }) => {
  await api.batch([past(5, { agent_name: 'invoices', message: 'Process invoice 1047', status: 'failed' })])
  const part = page.waitForResponse(/\/pkg\/split_menus\.\w+\.wasm$/)
  await open(page, '/executions')
  await filter(page, 'Status').click()
  expect((await part).ok()).toBe(true)
  await page.locator('.menu[open]').getByRole('checkbox', { name: 'Failed' }).check()
  await expect(page).toHaveURL(/status=failed/)
})

test('a menu that was opened before the page was taken over works after it', async ({ page, api }) => {
  await api.batch([past(5, { agent_name: 'invoices', message: 'Process invoice 1047', status: 'failed' })])
  let letGo = () => {}
  const held = new Promise<void>((done) => (letGo = done))
  await page.route('**/pkg/runboard.wasm', async (route) => {
    await held
    await route.continue()
  })
  await page.goto('/executions', { waitUntil: 'domcontentloaded' })
  await filter(page, 'Status').click()
  const failed = page.locator('.menu[open]').getByRole('checkbox', { name: 'Failed' })
  await expect(failed).toBeVisible()
  letGo()
  await expect(page.locator('html')).toHaveAttribute('data-hydrated')
  await failed.check()
  await expect(page).toHaveURL(/status=failed/)
})

test('a part that can not be loaded is said so, and a reload helps', async ({ page, api, complaints }) => {
  complaints.allow(/ERR_FAILED|Failed to fetch/)
  const [id] = await api.batch([past(5, { agent_name: 'invoices', message: 'Process invoice 1047', status: 'success' })])
  await open(page, '/executions')
  await page.route('**/split_run.*.wasm', (route) => route.abort())
  await row(page, id).getByRole('link', { name: 'Process invoice 1047' }).click()
  const note = page.getByRole('alert').filter({ hasText: 'could not be loaded' })
  await expect(note).toBeVisible()
  await page.unroute('**/split_run.*.wasm')
  await note.getByRole('button', { name: 'Retry' }).click()
  await expect(drawer(page)).toContainText('Process invoice 1047')
})

test('a page that can not be taken over stays as the server made it', async ({ page, complaints }) => {
  complaints.allow(/ERR_FAILED|Failed to fetch/)
  await page.route('**/split_pages.*.wasm', (route) => route.abort())
  await page.goto('/')
  await expect(page.getByRole('main')).toContainText('could not be loaded')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dashboard')
  await page.getByRole('link', { name: 'All unfinished' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Executions')
})
