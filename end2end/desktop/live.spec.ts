import { past } from '../support/api.ts'
import { connection, expectMarked, idsShown, mark, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test('a new run appears, ticks and finishes in place', async ({ page, api }) => {
  const [earlier] = await api.batch([past(5, { agent_name: 'build', message: 'Earlier' })])
  await open(page, '/executions')
  await expect(rows(page)).toHaveCount(1)

  const { id } = await api.start('build', 'Nightly build')
  await expect(row(page, id)).toHaveAttribute('data-status', 'running')
  expect(await idsShown(page)).toEqual([id, earlier])
  await mark(page, id)

  const elapsed = row(page, id).locator('.elapsed')
  const first = await elapsed.textContent()
  await expect(elapsed).not.toHaveText(first ?? '')

  await api.patch(id, { status: 'success', response: 'Built', cost: 0.02, input_tokens: 900, output_tokens: 100 })
  await expect(row(page, id)).toHaveAttribute('data-status', 'success')
  await expect(row(page, id)).toContainText('$0.02')
  await expectMarked(page, id)
})

test('the cards follow without a reload', async ({ page, api }) => {
  await api.batch([past(5, { agent_name: 'build', message: 'Earlier' })])
  await open(page, '/executions')
  const total = page.locator('.card').filter({ hasText: 'Total' })
  await expect(total).toContainText('1')
  await api.start('build', 'Nightly build')
  await expect(total).toContainText('2')
})

test('lesson 3: a window that ends now still takes in what starts later', async ({ page, api }) => {
  await api.batch([past(5, { agent_name: 'build', message: 'Earlier' })])
  await open(page, '/executions?last=15m')
  const { id } = await api.start('build', 'Started after the page was opened')
  await expect(row(page, id)).toBeVisible()
  await expect(page).toHaveURL(/last=15m/)
})

test('a run outside the filter does not appear, one that leaves it stays until refresh', async ({ page, api }) => {
  const going = await api.start('build', 'Nightly build')
  await open(page, '/executions?status=running')
  await expect(rows(page)).toHaveCount(1)

  await api.create({ agent_name: 'build', message: 'Never matches', status: 'queued' })
  await api.patch(going.id, { status: 'success' })
  await expect(row(page, going.id)).toHaveAttribute('data-status', 'success')
  await expect(rows(page)).toHaveCount(1)

  await page.getByRole('button', { name: 'Refresh' }).click()
  await expect(rows(page)).toHaveCount(0)
})

test('new runs wait behind a pill while the reader has scrolled', async ({ page, api }) => {
  await api.batch(Array.from({ length: 60 }, (_, i) => past(5 + i, { agent_name: 'build', message: `Build ${i}` })))
  await open(page, '/executions')
  await page.mouse.move(700, 700)
  await page.mouse.wheel(0, 1200)
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(600)
  const before = await idsShown(page)
  const middle = before[Math.floor(before.length / 2)]
  const top = (await row(page, middle).boundingBox())?.y

  const started = await Promise.all([1, 2, 3].map((n) => api.start('build', `New ${n}`)))
  const pill = page.getByRole('button', { name: '3 new' })
  await expect(pill).toBeVisible()
  expect((await row(page, middle).boundingBox())?.y).toBe(top)

  await pill.click()
  for (const { id } of started) await expect(row(page, id)).toBeInViewport()
  await expect(pill).toBeHidden()
})

test('lesson 1: live events leave the loaded pages and the place of the reader alone', async ({ page, api }) => {
  const ids = await api.batch(
    Array.from({ length: 260 }, (_, i) => past(5 + i, { agent_name: 'build', message: `Build ${i}` })),
  )
  const going = await api.start('build', 'Goes on')
  await open(page, '/executions')
  await page.mouse.move(700, 700)
  await expect(async () => {
    await page.mouse.wheel(0, 2500)
    expect(await idsShown(page)).toContain(ids[240])
  }).toPass()
  await row(page, ids[240]).scrollIntoViewIfNeeded()
  const place = await row(page, ids[240]).boundingBox()
  await mark(page, ids[240])

  await api.patch(going.id, { status: 'failed', error: 'No answer' })
  await api.start('build', 'Another')
  await expect(page.getByRole('button', { name: '1 new' })).toBeVisible()
  expect(await row(page, ids[240]).boundingBox()).toEqual(place)
  await expectMarked(page, ids[240])
})

test('lesson 7: the page does not call itself live before the socket is open', async ({ page, request }) => {
  const html = await (await request.get('/executions')).text()
  expect(html).not.toContain('data-connection="live"')

  // A socket that never opens.
  await page.addInitScript(() => {
    Object.assign(window, {
      WebSocket: class extends EventTarget {
        readyState = 0
        bufferedAmount = 0
        binaryType = 'blob'
        close() {}
        send() {}
      },
    })
  })
  await page.goto('/executions')
  await expect(page.locator('html')).toHaveAttribute('data-hydrated')
  await expect(page.locator('html')).not.toHaveAttribute('data-connection', 'live')
  await expect(page.getByRole('banner').getByText('Live', { exact: true })).toBeHidden()
  await connection(page, 'polling')
  await expect(page.getByText('Polling every 10 s')).toBeVisible()
})
