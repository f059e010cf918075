import { readFileSync } from 'node:fs'
import { past } from '../support/api.ts'
import { chip, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const failed = (minutes: number, agent_name: string, error: string) =>
  past(minutes, { agent_name, message: `Work at ${minutes}`, status: 'failed', error })

const groups = (page: import('@playwright/test').Page) => page.locator('.failure')

test('failures of one kind are one group, which leads to exactly its runs', async ({ page, api }) => {
  await api.batch([
    past(50, { agent_name: 'invoices', message: 'Went well' }),
    ...[40, 30, 20].map((n) => failed(n, 'invoices', `HTTP 502 from https://erp.example/items/${n}`)),
    failed(10, 'researcher', 'Job 17 timed out'),
  ])
  await open(page, '/executions')
  await page.getByRole('link', { name: 'Failures' }).click()
  await expect(page).toHaveURL(/\/failures$/)
  await expect(groups(page)).toHaveCount(2)
  const first = groups(page).first()
  await expect(first).toContainText('HTTP 502 from https://erp.example/items/<n>')
  await expect(first).toContainText('3 runs')
  await expect(first.getByRole('img')).toHaveAccessibleName(/oldest to now: [\d, ]+$/)
  await first.getByRole('link', { name: '3 runs' }).click()
  await expect(page).toHaveURL(/\/executions\?group=[0-9a-f]{16}/)
  await expect(rows(page)).toHaveCount(3)
  await expect(chip(page, 'failure: HTTP 502 from https://erp.example/items/<n>')).toBeVisible()
})

test('the groups obey the filter and the time', async ({ page, api }) => {
  await api.batch([failed(10, 'a', 'Disk full'), failed(3 * 24 * 60, 'a', 'Disk full'), failed(20, 'b', 'Out of memory')])
  await open(page, '/failures?agent=a')
  await expect(groups(page)).toHaveCount(1)
  await expect(groups(page)).toContainText('1 run')
  await page.getByRole('navigation', { name: 'Time' }).getByRole('link', { name: 'last 7 d' }).click()
  await expect(groups(page)).toContainText('2 runs')
  await page.getByRole('link', { name: 'Remove agent: a' }).click()
  await expect(groups(page)).toHaveCount(2)
  await open(page, '/failures?agent=nobody')
  await expect(page.getByRole('heading', { name: /Nothing failed/ })).toBeVisible()
})

test('the rows under the filter come as a file, all of them', async ({ page, api }) => {
  await api.batch(Array.from({ length: 320 }, (_, i) => past(2 + i, { agent_name: i % 4 ? 'a' : 'b', message: i ? `Run ${i}` : '=1+1' })))
  await open(page, '/executions?agent=b')
  for (const [name, ending, lines] of [['Export as CSV', 'csv', 81], ['Export as NDJSON', 'ndjson', 80]] as const) {
    await page.locator('main summary').filter({ hasText: 'Share' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(new RegExp(`^runboard-executions-\\d{4}-\\d\\d-\\d\\d\\.${ending}$`))
    const text = readFileSync(await file.path(), 'utf8')
    expect(text.trimEnd().split('\n')).toHaveLength(lines)
    expect(text).toContain(ending === 'csv' ? ",'=1+1," : '"message":"=1+1"')
    await page.keyboard.press('Escape')
  }
})

test('a link to a moment shows the rows of then and says what it leaves out', async ({ page, context, api }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const [old] = await api.batch([past(5, { agent_name: 'a', message: 'Before' })])
  await open(page, '/executions')
  await expect(row(page, old)).toBeVisible()
  await page.locator('main summary').filter({ hasText: 'Share' }).click()
  await page.getByRole('button', { name: 'Copy link to this moment' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  expect(link).toMatch(/\/executions\?from=.*&as_of=\d+&at=/)

  await api.batch([past(4, { agent_name: 'a', message: 'After' }), past(3, { agent_name: 'a', message: 'After too' })])
  await open(page, link)
  await expect(rows(page)).toHaveCount(1)
  await expect(page.locator('.moment')).toContainText('2 newer runs are not shown')
  await page.locator('.moment').getByRole('link').click()
  await expect(rows(page)).toHaveCount(3)
  await expect(page.locator('.moment')).toHaveCount(0)
})
