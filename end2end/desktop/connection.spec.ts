import { connection, expectMarked, idsShown, mark, open, row, rows } from '../support/page.ts'
import { CONNECTION_LOST, expect, test } from '../support/test.ts'

test('the page survives a restart of the server without a reload and misses nothing', async ({ page, api, server, complaints }) => {
  complaints.allow(CONNECTION_LOST)
  const going = await api.start('build', 'Nightly build')
  await open(page, '/executions')
  await mark(page, going.id)

  await server.stop('SIGKILL')
  await connection(page, 'reconnecting')
  await expect(page.getByText('Reconnecting').first()).toBeVisible()

  await server.start()
  const meanwhile = await api.start('build', 'Started while the page was away')
  await api.patch(going.id, { status: 'success' })
  await connection(page, 'live')
  await expect(row(page, going.id)).toHaveAttribute('data-status', 'success')
  await expect(row(page, meanwhile.id)).toHaveAttribute('data-status', 'running')
  await expect(rows(page)).toHaveCount(2)
  await expectMarked(page, going.id)
})

test('a clean restart is survived as well, and the server stops in time', async ({ page, api, server, complaints }) => {
  complaints.allow(CONNECTION_LOST)
  const going = await api.start('build', 'Nightly build')
  await open(page, '/executions')
  await mark(page, going.id)
  await server.stop('SIGTERM')
  await server.start()
  await connection(page, 'live')
  await api.patch(going.id, { status: 'success' })
  await expect(row(page, going.id)).toHaveAttribute('data-status', 'success')
  await expectMarked(page, going.id)
})

test('lesson 15: what happened while the machine was offline is there afterwards, once', async ({ page, context, api, complaints }) => {
  complaints.allow(CONNECTION_LOST)
  const going = await api.start('build', 'Nightly build')
  await open(page, '/executions')
  await mark(page, going.id)

  await context.setOffline(true)
  await connection(page, 'offline')
  await expect(page.getByText(/Offline since \d/).first()).toBeVisible()
  const missed = [await api.start('build', 'Missed 1'), await api.start('build', 'Missed 2')]
  await api.patch(going.id, { status: 'failed', error: 'No answer' })

  await context.setOffline(false)
  await connection(page, 'live')
  await expect(row(page, going.id)).toHaveAttribute('data-status', 'failed')
  for (const { id } of missed) await expect(row(page, id)).toHaveCount(1)
  expect(await idsShown(page)).toHaveLength(3)
  await expectMarked(page, going.id)
})

test('lesson 15: signing out elsewhere is shown as signed out, not as a lost network', async ({ page, context, server, complaints }) => {
  complaints.allow(/status of 401/, CONNECTION_LOST)
  await open(page, '/executions')
  const answer = await context.request.post('/api/logout', { headers: { origin: server.url } })
  expect(answer.ok()).toBe(true)
  await connection(page, 'signed-out')
  await expect(page.getByText('Signed out').first()).toBeVisible()
  await expect(page.getByRole('link', { name: /sign in/i }).first()).toBeVisible()
})
