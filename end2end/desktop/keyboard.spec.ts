import { past } from '../support/api.ts'
import { chip, drawer, expectAccessible, open, row, rows, search } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const runs = () => [
  past(5, { agent_name: 'invoices', message: 'Process invoice 1047' }),
  past(10, { agent_name: 'researcher', message: 'Analyze the market', status: 'failed', error: 'Rate limited' }),
]

test('? lists the keys and they lead where they say', async ({ page }) => {
  await open(page, '/executions')
  await page.keyboard.press('?')
  await expect(drawer(page)).toContainText('Command palette')
  await expectAccessible(page)
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await expect(page, 'behind a dialog keys do nothing').toHaveURL(/\/executions$/)
  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)
  for (const [key, path] of [['d', /\/$/], ['a', /\/agents$/], ['e', /\/executions$/]] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await expect(page).toHaveURL(path)
  }
})

test('while typing no key means more than its letter', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions')
  await page.keyboard.press('/')
  await page.keyboard.type('?lbsgd')
  await expect(search(page)).toHaveValue('?lbsgd')
  await page.keyboard.press('Control+k')
  await expect(drawer(page)).toHaveCount(0)
  await expect(page.locator('.filters')).toBeVisible()
})

test('l holds news back and lets them in again', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await open(page, '/executions')
  await expect(row(page, id)).toHaveAttribute('data-status', 'running')
  await page.keyboard.press('l')
  await expect(page.locator('.paused')).toBeVisible()
  await expect(page).toHaveURL(/live=off/)
  await expect(page.locator('html'), 'the connection is as it is').toHaveAttribute('data-connection', 'live')

  await api.patch(id, { status: 'success' })
  const other = await api.start('build', 'Another build')
  const pill = page.getByRole('button', { name: '2 updates' })
  await expect(pill).toBeVisible()
  await expect(row(page, id)).toHaveAttribute('data-status', 'running')
  await expect(row(page, other.id)).toHaveCount(0)
  await pill.click()
  await expect(row(page, id)).toHaveAttribute('data-status', 'success')
  await expect(row(page, other.id)).toBeVisible()

  await api.patch(other.id, { status: 'failed', error: 'No space' })
  await expect(page.getByRole('button', { name: '1 update' })).toBeVisible()
  await page.keyboard.press('l')
  await expect(row(page, other.id)).toHaveAttribute('data-status', 'failed')
  await expect(page).toHaveURL(/\/executions$/)
})

test('b hides the filters, s asks before it stops', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await open(page, '/executions')
  await page.keyboard.press('b')
  await expect(page.locator('.filters')).toBeHidden()
  await page.keyboard.press('/')
  await expect(search(page)).toBeFocused()
  await page.keyboard.press('Tab')
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press(']')
  await page.keyboard.press('s')
  await expect(drawer(page)).toContainText('Nightly build')
  await drawer(page).getByRole('button', { name: 'Stop' }).click()
  await expect(row(page, id)).toContainText('Stopping')
})

test('the palette goes to pages, agents, filters and runs', async ({ page, api }) => {
  const [, failed] = await api.batch(runs())
  await open(page, '/executions')
  const field = page.getByRole('combobox', { name: 'Command' })
  const list = page.getByRole('listbox', { name: 'Commands' })
  await page.keyboard.press('Control+k')
  await expect(field).toBeFocused()
  await expect(list.getByRole('option', { name: 'researcher' })).toBeVisible()
  await expectAccessible(page)

  await field.fill('status:failed')
  await page.keyboard.press('Enter')
  await expect(chip(page, 'status: failed')).toBeVisible()
  await expect(rows(page)).toHaveCount(1)

  await page.keyboard.press('Control+k')
  await field.fill('analyze')
  await expect(list.getByRole('option', { name: 'Analyze the market' })).toBeVisible()
  await list.getByRole('option', { name: 'Analyze the market' }).click()
  await expect(page).toHaveURL(new RegExp(`/executions/${failed}$`))

  await expect(page.locator('html')).toHaveAttribute('data-hydrated')
  await page.keyboard.press('Control+k')
  await expect(list.getByRole('option', { name: 'Copy link to this run' })).toBeVisible()
  await expect(list.getByRole('option', { name: 'Stop this run' })).toHaveCount(0)
  await field.fill('dashb')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/$/)
})

test('axe finds nothing in the open menus and the suggestions', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions?q=colour:red&cols=message,model,labels')
  for (const name of ['Columns', 'Views', 'More', 'Agent']) {
    await page.locator('main summary').filter({ hasText: new RegExp(`^\\s*${name}`) }).first().click()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
  }
  await search(page).press('End')
  await search(page).pressSequentially(' status:')
  await expect(page.getByRole('listbox', { name: 'Suggestions' })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await expectAccessible(page)
})
