import { open, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test('the picture in the README', async ({ page, server }) => {
  test.setTimeout(120_000)
  server.run('demo')
  server.keepRunning('demo', '--runs', '0', '--live')
  await open(page, '/executions')
  // A fleet at work: some runs have begun since the page was opened.
  await expect.poll(() => rows(page).filter({ has: page.locator('.elapsed') }).count(), { timeout: 60_000 }).toBeGreaterThan(3)
  // The cards follow within five seconds.
  await expect(page.locator('.card', { hasText: 'Active' })).toContainText('running', { timeout: 20_000 })
  await page.screenshot({ path: 'docs/screenshot.png', animations: 'disabled' })
})
