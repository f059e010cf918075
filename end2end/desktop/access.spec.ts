import { past } from '../support/api.ts'
import { open, row, rows } from '../support/page.ts'
import { ADMIN, USER } from '../support/server.ts'
import { expect, test } from '../support/test.ts'

test.describe('nobody is signed in', () => {
  test.use({ signedInAs: null })

  test('a page leads to sign in and from there to where one wanted to go', async ({ page, api }) => {
    const [id] = await api.batch([past(5, { agent_name: 'invoices', message: 'Process invoice 1047', status: 'failed' })])
    await page.goto('/executions?status=failed')
    await expect(page).toHaveURL(/\/login/)
    await page.getByLabel(/e-?mail/i).fill(ADMIN.email)
    await page.getByLabel('Password').fill(ADMIN.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page).toHaveURL(/\/executions\?status=failed/)
    await expect(row(page, id)).toBeVisible()
  })

  test('a wrong password is said so, and the same as an unknown account', async ({ page, complaints }) => {
    complaints.allow(/status of 401/)
    const messages: string[] = []
    for (const email of [ADMIN.email, 'nobody@example.com']) {
      await page.goto('/login')
      await page.getByLabel(/e-?mail/i).fill(email)
      await page.getByLabel('Password').fill('not the password')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect(page.getByRole('alert')).toBeVisible()
      messages.push(await page.getByRole('alert').innerText())
      await expect(page).toHaveURL(/\/login/)
    }
    expect(messages[0]).toBe(messages[1])
  })

  test('sign in never leads to another host', async ({ page }) => {
    await page.goto('/login?next=//elsewhere.example/')
    await page.getByLabel(/e-?mail/i).fill(ADMIN.email)
    await page.getByLabel('Password').fill(ADMIN.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dashboard')
  })
})

test('signing out ends at the sign-in page', async ({ page }) => {
  await open(page, '/executions')
  await page.locator('summary[aria-label^="Account"]').click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/login/)
  await page.goto('/executions')
  await expect(page).toHaveURL(/\/login/)
})

test.describe('somebody else is signed in', () => {
  test.use({ signedInAs: USER })

  test('lesson 6: runs of agents one may not see are neither listed, counted, opened nor sent live', async ({ page, api, complaints }) => {
    complaints.allow(/status of 404/)
    const [id] = await api.batch([past(5, { agent_name: 'secret', message: 'Ann only' })])
    await open(page, '/executions')
    await expect(rows(page)).toHaveCount(0)
    await api.start('secret', 'Ann only, live')
    expect((await page.goto(`/executions/${id}`))?.status()).toBe(404)
    await expect(page.locator('body')).not.toContainText('Ann only')

    await page.goto(`/executions?q=Ann`)
    await expect(rows(page)).toHaveCount(0)
    await expect(page.locator('body')).not.toContainText('Ann only')
  })
})
