import { past } from '../support/api.ts'
import { row, rows, search } from '../support/page.ts'
import { ADMIN } from '../support/server.ts'
import { expect, test } from '../support/test.ts'

test('a filtered list can be read', async ({ page, api }) => {
  const [, failed] = await api.batch([
    past(5, { agent_name: 'invoices', message: 'Process invoice 1047', cost: 0.02 }),
    past(10, { agent_name: 'researcher', message: 'Analyze the market', status: 'failed', error: 'Rate limited' }),
  ])
  await page.goto('/executions')
  await expect(rows(page)).toHaveCount(2)
  await page.goto('/executions?status=failed')
  await expect(rows(page)).toHaveCount(1)
  await expect(row(page, failed)).toContainText('Rate limited')
  await expect(page.locator('.chip').filter({ hasText: /failed/i })).toBeVisible()
  await expect(page.locator('.card').filter({ hasText: 'Total' })).toContainText('1')
})

test('filters can be set and taken away', async ({ page, api }) => {
  await api.batch([
    past(5, { agent_name: 'invoices', message: 'Process invoice 1047' }),
    past(10, { agent_name: 'researcher', message: 'Analyze the market', status: 'failed', error: 'Rate limited' }),
  ])
  await page.goto('/executions')
  await page.locator('main summary').filter({ hasText: /^\s*Status/ }).click()
  await page.getByRole('checkbox', { name: 'Failed' }).check()
  await page.getByRole('button', { name: 'Apply' }).first().click()
  await expect(page).toHaveURL(/status=failed/)
  await expect(rows(page)).toHaveCount(1)

  await search(page).fill('nothing like this')
  await page.getByRole('button', { name: 'Apply' }).first().click()
  await expect(rows(page)).toHaveCount(0)
  await page.getByRole('link', { name: 'Clear filters' }).first().click()
  await expect(rows(page)).toHaveCount(2)
})

test('a row leads to its run, with all its parts', async ({ page, api }) => {
  const [id] = await api.batch([
    past(5, {
      agent_name: 'invoices',
      message: 'Process invoice 1047',
      response: 'Booked.',
      steps: [{ index: 0, title: 'Read the file', kind: 'prompt', status: 'success' }],
      tool_calls: [{ call_id: 'c1', name: 'files.read', arguments: { path: 'a' }, status: 'success' }],
      log: [{ stream: 'stdout', text: 'Opened the file' }],
    }),
  ])
  await page.goto('/executions')
  await row(page, id).getByRole('link', { name: 'Process invoice 1047' }).click()
  await expect(page).toHaveURL(new RegExp(id))
  await expect(page.locator('main')).toContainText('Booked.')
  for (const [tab, text] of [['Steps', 'Read the file'], ['Tool calls', 'files.read'], ['Log', 'Opened the file']]) {
    await page.getByRole('link', { name: new RegExp(`^${tab}`) }).or(page.getByRole('tab', { name: new RegExp(`^${tab}`) })).first().click()
    await expect(page.locator('main')).toContainText(text)
  }
})

test('the next page is a link', async ({ page, api }) => {
  const ids = await api.batch(Array.from({ length: 60 }, (_, i) => past(5 + i, { agent_name: 'build', message: `Build ${i}` })))
  await page.goto('/executions')
  await expect(rows(page)).toHaveCount(50)
  await page.getByRole('link', { name: 'Next page' }).click()
  await expect(rows(page)).toHaveCount(10)
  await expect(row(page, ids[59])).toBeVisible()
})

test('nothing is shown that needs JavaScript to do something', async ({ page, api }) => {
  await api.start('build', 'Nightly build')
  await page.goto('/executions')
  await expect(rows(page)).toHaveCount(1)
  const dead = page.locator('button:not([type=submit])').filter({ visible: true })
  await expect(dead).toHaveCount(0)
})

test('what does not exist is a 404 page', async ({ page, complaints }) => {
  complaints.allow(/status of 404/)
  expect((await page.goto('/nowhere'))?.status()).toBe(404)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
})

test.describe('nobody is signed in', () => {
  test.use({ signedInAs: null })

  test('signing in works', async ({ page }) => {
    await page.goto('/executions')
    await expect(page).toHaveURL(/\/login/)
    await page.getByLabel(/e-?mail/i).fill(ADMIN.email)
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('alert')).toBeVisible()
    await page.getByLabel(/e-?mail/i).fill(ADMIN.email)
    await page.getByLabel('Password').fill(ADMIN.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page).toHaveURL(/\/executions/)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  })
})
