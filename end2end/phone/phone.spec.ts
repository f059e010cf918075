import { past } from '../support/api.ts'
import { drawer, open, row, rows } from '../support/page.ts'
import { expectNothingSideways, smallTargets } from '../support/phone.ts'
import { expect, test } from '../support/test.ts'

test('the list fits a phone', async ({ page, api }) => {
  const message = 'A message that is much longer than a phone is wide, with averyveryverylongwordthatdoesnotbreakanywhereatall'
  const [id] = await api.batch([
    past(5, { agent_name: 'an-agent-with-quite-a-long-name-for-a-phone', message, cost: 0.02 }),
    ...Array.from({ length: 70 }, (_, i) => past(6 + i, { agent_name: 'build', message: `Build ${i}` })),
  ])
  const going = await api.start('build', message)
  await open(page, '/executions')
  await expect(row(page, id)).toBeVisible()
  await expect(row(page, going.id), 'the first run is seen without scrolling').toBeInViewport()
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])

  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
  await expect(page.getByText('Build 69')).toBeVisible()
  await expectNothingSideways(page)
})

test('the bottom bar leads to every place', async ({ page }) => {
  await open(page, '/executions')
  const bar = page.getByRole('navigation', { name: 'Main, at the bottom' })
  await expect(bar).toBeInViewport()
  for (const [name, path] of [['Agents', /\/agents$/], ['Dashboard', /\/$/], ['Executions', /\/executions/]] as const) {
    await bar.getByRole('link', { name }).tap()
    await expect(page).toHaveURL(path)
    await expectNothingSideways(page)
  }
})

test('filters are in a sheet', async ({ page, api }) => {
  await api.batch([
    past(5, { agent_name: 'build', message: 'Good' }),
    past(6, { agent_name: 'build', message: 'Bad', status: 'failed', error: 'No answer' }),
  ])
  await open(page, '/executions')
  await page.getByRole('button', { name: /^Filters/ }).tap()
  const sheet = drawer(page)
  await expect(sheet).toBeVisible()
  expect(await smallTargets(page)).toEqual([])
  await sheet.getByText('Status', { exact: true }).first().tap()
  await sheet.getByRole('checkbox', { name: 'Failed' }).check()
  await sheet.getByRole('button', { name: /done|close|show/i }).first().tap()
  await expect(sheet).toHaveCount(0)
  await expect(rows(page)).toHaveCount(1)
  await expect(page).toHaveURL(/status=failed/)
})

test('a run opens over the whole screen and Back closes it', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await api.log(id, 'a line that is '.repeat(40))
  await open(page, '/executions')
  await row(page, id).getByText('Nightly build').tap()
  await expect(drawer(page)).toBeVisible()
  const box = await drawer(page).boundingBox()
  expect(box?.width).toBe(390)
  expect(box?.height).toBeGreaterThan(800)
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
  for (const tab of ['Log', 'JSON']) {
    await drawer(page).getByRole('link', { name: tab }).or(drawer(page).getByRole('tab', { name: tab })).tap()
    await expectNothingSideways(page)
  }
  await page.goBack()
  await page.goBack()
  await page.goBack()
  await expect(drawer(page)).toHaveCount(0)
})

test('Stop works with a thumb', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await open(page, '/executions')
  await row(page, id).getByRole('button', { name: 'Stop' }).tap()
  await drawer(page).getByRole('button', { name: 'Stop' }).tap()
  await expect(row(page, id)).toContainText('Stopping')
  expect((await api.get(id)).cancel_requested).toBe(true)
})

test('a run of its own page fits a phone', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'build', message: 'x'.repeat(2000), response: 'y'.repeat(2000) })])
  await open(page, `/executions/${id}`)
  await expectNothingSideways(page)
})
