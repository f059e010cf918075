import { minutesAgo, past } from '../support/api.ts'
import { drawer, expectMarked, mark, open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const MISSING = '01999999-9999-7999-8999-999999999999'

test('a run opens beside the list by its address, and Escape and Back close it', async ({ page, api }) => {
  const [id] = await api.batch([
    past(5, { agent_name: 'researcher', message: 'Analyze the market', response: 'It will grow.', model: 'gpt-5-mini' }),
  ])
  await open(page, '/executions')
  await mark(page, id)

  await row(page, id).getByText('Analyze the market').click()
  await expect(drawer(page)).toContainText('It will grow.')
  await expect(page).toHaveURL(new RegExp(`run=${id}`))
  await expectMarked(page, id)

  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)
  await expect(page).not.toHaveURL(/run=/)

  await row(page, id).getByText('Analyze the market').click()
  await expect(drawer(page)).toBeVisible()
  await page.goBack()
  await expect(drawer(page)).toHaveCount(0)
  await expect(page).toHaveURL(/\/executions$/)
  await expectMarked(page, id)
})

test('a link to an open run shows it over the same list', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'researcher', message: 'Analyze the market', response: 'It will grow.' })])
  await open(page, `/executions?run=${id}`)
  await expect(drawer(page)).toContainText('It will grow.')
  await expect(rows(page)).toHaveCount(1)
  await page.reload()
  await expect(drawer(page)).toContainText('It will grow.')
})

test('the tabs show steps, tool calls and the record', async ({ page, api }) => {
  const { id } = await api.start('researcher', 'Analyze the market')
  await api.steps(id, { index: 0, title: 'Read the sources', kind: 'prompt', status: 'success', output: 'Twelve sources' })
  await api.toolCalls(id, {
    call_id: 'c1', name: 'web.search', arguments: { query: 'batteries' }, result: { hits: 12 }, status: 'success',
    started_at: minutesAgo(1), completed_at: minutesAgo(0),
  })
  await open(page, `/executions?run=${id}`)
  await drawer(page).getByRole('link', { name: /^Steps/ }).or(drawer(page).getByRole('tab', { name: /^Steps/ })).click()
  await expect(drawer(page)).toContainText('Read the sources')
  await expect(page).toHaveURL(/tab=steps/)
  await drawer(page).getByRole('link', { name: /^Tool calls/ }).or(drawer(page).getByRole('tab', { name: /^Tool calls/ })).click()
  await expect(drawer(page)).toContainText('web.search')
  await drawer(page).getByRole('link', { name: /^JSON/ }).or(drawer(page).getByRole('tab', { name: /^JSON/ })).click()
  await expect(drawer(page)).toContainText('"agent_name"')
})

test('the log is shown as it is written', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await api.log(id, 'Compiling serde', 'Compiling tokio')
  await open(page, `/executions?run=${id}&tab=log`)
  await expect(drawer(page)).toContainText('Compiling serde')
  await expect(drawer(page)).toContainText('Compiling tokio')

  await api.log(id, 'Compiling runboard')
  await expect(drawer(page)).toContainText('Compiling runboard')
  await api.log(id, '<b>Finished</b>')
  await expect(drawer(page)).toContainText('<b>Finished</b>')
  await api.patch(id, { status: 'success' })
  await expect(row(page, id)).toHaveAttribute('data-status', 'success')
  await expect(drawer(page)).toContainText('Success')
  await expect(drawer(page).getByText('Compiling runboard')).toHaveCount(1)
})

test('a long log keeps few lines in the document and shows its end', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  for (let part = 0; part < 10; part++) {
    await api.log(id, ...Array.from({ length: 1000 }, (_, i) => `line ${part * 1000 + i + 1}`))
  }
  await open(page, `/executions?run=${id}&tab=log`)
  await expect(drawer(page).getByText('line 10000', { exact: true })).toBeVisible()
  expect(await drawer(page).getByText(/^line \d+$/).count()).toBeLessThanOrEqual(200)
})

test('a run has a page of its own that follows it', async ({ page, api }) => {
  const { id } = await api.start('researcher', 'Analyze the market')
  await open(page, `/executions/${id}`)
  await expect(page.locator('main')).toContainText('Analyze the market')
  await expect(page.locator('main')).toContainText('Running')
  await api.patch(id, { status: 'success', response: 'It will grow.' })
  await expect(page.locator('main')).toContainText('Success')
  await expect(page.locator('main')).toContainText('It will grow.')
})

test('a run that does not exist is a real 404 page', async ({ page, complaints }) => {
  complaints.allow(/status of 404/)
  for (const path of [`/executions/${MISSING}`, '/executions/not-an-id', '/nowhere']) {
    const answer = await page.goto(path)
    expect(answer?.status(), path).toBe(404)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.getByRole('link', { name: /executions/i }).first()).toBeVisible()
  }
})
