import { past } from '../support/api.ts'
import { connection, idsShown, open, row, rows, search } from '../support/page.ts'
import { Storm } from '../support/storm.ts'
import { CONNECTION_LOST, expect, test } from '../support/test.ts'

test('scrolling, typing and selecting go on in a storm of changes, and while the server is gone for a minute', async ({ page, api, server, complaints }) => {
  complaints.allow(CONNECTION_LOST)
  await api.batch(Array.from({ length: 300 }, (_, i) => past(60 + i, { agent_name: 'build', message: `Build ${i}` })))
  const started = Array.from({ length: 20 }, (_, i) => api.start('weather', `Gust ${i}`))
  const ids = (await Promise.all(started)).map(({ id }) => id)
  await page.clock.install()
  await open(page, '/executions')
  const bar = page.getByRole('region', { name: 'Selected runs' })
  const storm = new Storm(api, ids)

  // Far down: what changes above moves nothing here.
  await page.mouse.move(700, 700)
  await expect(async () => {
    await page.mouse.wheel(0, 2_500)
    await expect(page.getByText('End of history')).toBeInViewport({ timeout: 50 })
  }).toPass()
  const last = await rows(page).last().boundingBox()
  await storm.more(500)
  expect(await rows(page).last().boundingBox()).toEqual(last)

  await search(page).fill('gust')
  await expect(rows(page)).toHaveCount(20)
  const [first, second] = await idsShown(page)
  await row(page, first).getByRole('checkbox').check()
  await row(page, second).getByRole('checkbox').check()
  await storm.more(500)
  await expect(bar).toContainText('2 selected')
  await expect(row(page, second).getByRole('checkbox')).toBeChecked()

  await server.stop('SIGKILL')
  await connection(page, 'reconnecting')
  await page.clock.fastForward('01:00')
  await expect(bar).toContainText('2 selected')
  await expect(rows(page)).toHaveCount(20)
  await page.mouse.wheel(0, 600)
  await search(page).fill('gust 1')
  await expect(page.getByRole('alert').first()).toBeVisible()
  await expect(rows(page)).toHaveCount(20)

  await server.start()
  await page.clock.fastForward('00:30')
  await connection(page, 'live')
  await storm.more(500)
  await expect(search(page)).toHaveValue('gust 1')
  await expect(rows(page)).toHaveCount(11)
  await storm.stop()
  await Promise.all(ids.map((id) => api.patch(id, { status: 'success' })))
  for (const id of await idsShown(page)) await expect(row(page, id)).toHaveAttribute('data-status', 'success')
  const { executions } = await api.read('/api/executions?search=gust%201')
  expect(await idsShown(page)).toEqual(executions.map(({ id }: { id: string }) => id))
})
