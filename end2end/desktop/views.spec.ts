import type { Page } from '@playwright/test'
import { past } from '../support/api.ts'
import { chip, choose, open, rows } from '../support/page.ts'
import { USER } from '../support/server.ts'
import { expect, signIn, test } from '../support/test.ts'

const runs = () => [
  past(5, { agent_name: 'invoices', message: 'Process invoice 1047', model: 'gpt-5', cost: 0.4, labels: { env: 'prod' } }),
  past(10, { agent_name: 'researcher', message: 'Analyze the market', status: 'failed', error: 'Rate limited' }),
]

const menu = (page: Page) => page.locator('.head-actions details').filter({ hasText: 'Views' })
const openMenu = (page: Page) => menu(page).locator('summary').first().click()

async function save(page: Page, name: string) {
  await openMenu(page)
  await menu(page).getByLabel('Save what is shown as').fill(name)
  await menu(page).getByRole('button', { name: 'Save', exact: true }).click()
  await expect(menu(page).getByRole('link', { name })).toBeVisible()
  await page.keyboard.press('Escape')
}

test('a view brings filter, order and columns back, and Back leads out of it', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions?status=failed&sort=-cost&cols=message,model')
  await save(page, 'Failures')
  await open(page, '/executions?agent=invoices')
  await openMenu(page)
  await menu(page).getByRole('link', { name: 'Failures' }).click()
  await expect(page).toHaveURL(/\?status=failed&sort=-cost&cols=message,model$/)
  await expect(rows(page)).toHaveCount(1)
  await expect(chip(page, 'status: failed')).toBeVisible()
  await expect(page.locator('.row-head')).toHaveText(/Message\s*Model/)
  await page.goBack()
  await expect(page).toHaveURL(/\?agent=invoices$/)
  await expect(rows(page)).toContainText(['Process invoice 1047'])
})

test('a view is renamed, updated, deleted and brought back', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions?status=failed')
  await save(page, 'Failures')
  await openMenu(page)
  await menu(page).getByLabel('Change Failures').click()
  await menu(page).getByLabel('Name', { exact: true }).fill('Broken')
  await menu(page).getByLabel('Name', { exact: true }).press('Enter')
  await expect(menu(page).getByRole('link', { name: 'Broken' })).toBeVisible()
  await page.keyboard.press('Escape')

  await choose(page, 'Agent', 'invoices')
  await openMenu(page)
  await expect(menu(page).getByRole('link', { name: 'Broken' })).not.toHaveAttribute('aria-current', 'true')
  await menu(page).getByRole('button', { name: 'Update to what is shown' }).click()
  await expect(menu(page).getByRole('link', { name: 'Broken' })).toHaveAttribute('aria-current', 'true')
  await menu(page).getByRole('button', { name: 'Delete' }).click()
  await expect(menu(page).getByRole('link', { name: 'Broken' })).toHaveCount(0)
  await expect(menu(page).getByRole('button', { name: 'Undo' })).toBeFocused()
  await menu(page).getByRole('button', { name: 'Undo' }).click()
  await expect(menu(page).getByRole('link', { name: 'Broken' })).toHaveAttribute('href', /status=failed&agent=invoices/)
})

test('a bare address opens the view one begins with; any other address wins', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions?status=failed')
  await save(page, 'Failures')
  await openMenu(page)
  await menu(page).getByLabel('Change Failures').click()
  await menu(page).getByRole('button', { name: 'Begin with it' }).click()
  await expect(menu(page)).toContainText('default')
  await page.evaluate(() => localStorage.clear())
  await open(page, '/executions?agent=invoices')
  await expect(chip(page, 'status: failed')).toHaveCount(0)
  await page.evaluate(() => localStorage.clear())
  await open(page, '/executions')
  await expect(chip(page, 'status: failed')).toBeVisible()
  await expect(rows(page)).toHaveCount(1)
  await page.getByRole('link', { name: 'Clear filters' }).click()
  await expect(rows(page)).toHaveCount(2)
})

test('a shared view is seen by others and is not theirs to change', async ({ page, api, server, browser }) => {
  await api.batch(runs())
  await open(page, '/executions?status=failed')
  await save(page, 'Failures')
  await openMenu(page)
  await menu(page).getByLabel('Change Failures').click()
  await menu(page).getByRole('button', { name: 'Share with everybody' }).click()
  await expect(menu(page)).toContainText('shared')

  const context = await browser.newContext({ baseURL: server.url })
  await signIn(context, server, USER)
  const other = await context.newPage()
  await open(other, '/executions')
  await openMenu(other)
  await expect(menu(other)).toContainText('Shared with me')
  await menu(other).getByLabel('Change Failures').click()
  await expect(menu(other).getByRole('button', { name: 'Begin with it' })).toBeVisible()
  await expect(menu(other).getByRole('button', { name: 'Delete' })).toHaveCount(0)
  await context.close()
})

test('columns are chosen, ordered and kept', async ({ page, api }) => {
  await api.batch(runs())
  await open(page, '/executions')
  const columns = page.locator('.head-actions div > details')
  await columns.locator('summary').click()
  await columns.getByRole('checkbox', { name: 'Model' }).check()
  await columns.getByRole('checkbox', { name: 'Labels' }).check()
  await columns.getByRole('checkbox', { name: 'Trigger' }).uncheck()
  await expect(page).toHaveURL(/\?cols=status,agent,message,started,duration,tokens,cost,model,labels$/)
  await expect(rows(page).first()).toContainText('gpt-5')
  await expect(rows(page).first()).toContainText('env:prod')
  await columns.getByRole('button', { name: 'Move Model up' }).click()
  await expect(columns.getByRole('button', { name: 'Move Model up' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/tokens,cost,labels$|duration,model,tokens,cost,labels$/)
  await expect(page.locator('.row-head')).toHaveText(/Duration\s*Model\s*Tokens\s*Cost/)

  // On this machine without a word in the address, and the address wins.
  await open(page, '/executions?status=failed')
  await expect(page.locator('.row-head')).toHaveText(/Duration\s*Model\s*Tokens\s*Cost/)
  await open(page, '/executions?cols=message,cost')
  await expect(page.locator('.row-head')).toHaveText(/^\s*Message\s*Cost\s*$/)
  await columns.locator('summary').click()
  await columns.getByRole('button', { name: 'Usual columns' }).click()
  await expect(page).toHaveURL(/\/executions$/)
  await open(page, '/executions?status=failed')
  await expect(page.locator('.row-head')).toHaveText(/Trigger\s*Started/)
})
