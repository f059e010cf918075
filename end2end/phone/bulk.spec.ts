import { minutesAgo } from '../support/api.ts'
import { drawer, open, row } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test('runs are selected and stopped with a thumb', async ({ page, api }) => {
  const run = (message: string, minutes: number) => ({ agent_name: 'build', message, status: 'running' as const, started_at: minutesAgo(minutes) })
  const [one, two, three] = await api.batch([run('First', 1), run('Second', 2), run('Third', 3)])
  await open(page, '/executions')
  const box = (id: string) => row(page, id).getByRole('checkbox')
  await expect(box(one)).toBeHidden()
  const height = (await row(page, one).boundingBox())?.height
  await page.getByRole('button', { name: 'Select', exact: true }).tap()
  await row(page, one).locator('.pick').tap()
  await row(page, three).locator('.pick').tap()
  expect((await row(page, one).boundingBox())?.height, 'rows stay as high').toBe(height)

  const bar = page.getByRole('region', { name: 'Selected runs' })
  await expect(bar).toContainText('2 selected')
  for (const target of [row(page, two).locator('.pick'), ...(await bar.getByRole('button').all())]) {
    const place = await target.boundingBox()
    expect(Math.min(place?.height ?? 0, place?.width ?? 0)).toBeGreaterThanOrEqual(44)
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)

  await bar.getByRole('button', { name: 'Stop…' }).tap()
  await drawer(page).getByRole('button', { name: 'Stop 2 runs' }).tap()
  await expect(drawer(page)).toContainText('Asked to stop: 2 of 2')
  const place = await drawer(page).boundingBox()
  expect(place!.x + place!.width).toBeLessThanOrEqual(390)
  await drawer(page).getByRole('button', { name: 'Close' }).tap()
  expect((await api.get(two)).cancel_requested).toBe(false)
  expect((await api.get(three)).cancel_requested).toBe(true)
  await expect(box(one)).toBeHidden()
})
