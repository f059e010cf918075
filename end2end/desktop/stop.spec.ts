import { drawer, open, row } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test('Stop asks first, says it is stopping and shows when it is done', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await open(page, '/executions')

  await row(page, id).getByRole('button', { name: 'Stop' }).click()
  await expect(drawer(page)).toContainText('Nightly build')
  await drawer(page).getByRole('button', { name: 'Cancel' }).click()
  await expect(drawer(page)).toHaveCount(0)
  expect((await api.get(id)).cancel_requested).toBe(false)

  await row(page, id).getByRole('button', { name: 'Stop' }).click()
  await drawer(page).getByRole('button', { name: 'Stop' }).click()
  await expect(row(page, id)).toContainText('Stopping')
  await expect(drawer(page)).toHaveCount(0)
  expect((await api.get(id)).cancel_requested).toBe(true)
  await expect(row(page, id)).toHaveAttribute('data-status', 'running')

  await api.patch(id, { status: 'cancelled' })
  await expect(row(page, id)).toHaveAttribute('data-status', 'cancelled')
  await expect(row(page, id).getByRole('button', { name: 'Stop' })).toHaveCount(0)
})

test('a finished run can not be stopped', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await open(page, '/executions')
  await expect(row(page, id).getByRole('button', { name: 'Stop' })).toBeVisible()
  await api.patch(id, { status: 'success' })
  await expect(row(page, id).getByRole('button', { name: 'Stop' })).toHaveCount(0)
})
