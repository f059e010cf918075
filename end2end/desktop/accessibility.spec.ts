import { minutesAgo, past } from '../support/api.ts'
import { drawer, expectAccessible, open, row, rows, search } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme })

    test(`axe finds nothing on any page, ${colorScheme}`, async ({ page, api }) => {
      // A dozen pages, each looked at whole.
      test.setTimeout(240_000)
      // A theme changes nothing but colours.
      const rules = colorScheme === 'dark' ? ['color-contrast'] : []
      const statuses = ['success', 'failed', 'cancelled'] as const
      await api.batch(
        Array.from({ length: 9 }, (_, i) =>
          past(5 + i, { agent_name: `agent-${i % 4}`, message: `Task ${i}`, flow_id: i % 2 ? 'weekly' : undefined, status: statuses[i % 3], cost: i % 2 ? 0.02 : undefined }),
        ),
      )
      const { id } = await api.start('researcher', 'Analyze the market', { current_step: 'Read', steps_total: 3, flow_id: 'weekly' })
      await api.create({ agent_name: 'researcher', message: 'Waits', status: 'waiting', started_at: minutesAgo(4) })
      await api.create({ agent_name: 'researcher', message: 'Queued', status: 'queued' })
      await api.log(id, 'one', 'two')
      await api.toolCalls(id, { call_id: 'c1', name: 'web.search', arguments: { query: 'batteries' }, status: 'running', started_at: minutesAgo(1) })

      await api.seen(0)
      for (const path of ['/executions', '/executions?status=failed&last=7d', '/executions?as_of=5&at=2026-01-01T00:00:00Z', '/failures', '/executions?status=queued&agent=nobody', '/', '/agents', '/agents/researcher', '/flows', '/flows/new', '/settings/notifications', `/executions/${id}`]) {
        await test.step(path, async () => {
          await open(page, path)
          await expectAccessible(page, rules)
        })
      }
      for (const tab of ['overview', 'steps', 'tools', 'log', 'json']) {
        await test.step(`drawer, ${tab}`, async () => {
          await open(page, `/executions?run=${id}&tab=${tab}`)
          await expect(drawer(page)).toContainText('Analyze the market')
          await expectAccessible(page, rules)
        })
      }
    })
  })
}

test('the list can be worked with the keyboard alone', async ({ page, api }) => {
  const [first, second] = await api.batch([
    past(5, { agent_name: 'a', message: 'First' }),
    past(6, { agent_name: 'a', message: 'Second' }),
  ])
  await open(page, '/executions')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`run=${second}`))
  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)
  await page.keyboard.press('k')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(`run=${first}`))
  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)

  await page.keyboard.press('/')
  await expect(search(page)).toBeFocused()
  await page.keyboard.type('jjSecond')
  await expect(search(page)).toHaveValue('jjSecond')
  await expect(rows(page)).toHaveCount(0)
})

test('the drawer keeps the focus inside and gives it back to the row', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'a', message: 'First' })])
  await open(page, '/executions')
  const link = row(page, id).getByRole('link', { name: 'First' })
  await link.focus()
  await page.keyboard.press('Enter')
  await expect(drawer(page)).toBeVisible()
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest('dialog') !== null)).toBe(true)
  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.closest('[data-execution-id]')?.getAttribute('data-execution-id')))
    .toBe(id)
})

test('the theme can be chosen and stays', async ({ page }) => {
  await open(page, '/executions')
  await page.locator('summary[aria-label^="Account"]').click()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
})
