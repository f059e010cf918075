import { past } from '../support/api.ts'
import { open, row, rows } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

test.use({ locale: 'de-DE', timezoneId: 'Asia/Tokyo' })

const at = (iso: string) => ({ started_at: iso, completed_at: new Date(Date.parse(iso) + 4_500).toISOString(), duration_ms: undefined })

test('numbers are written as the viewer writes them', async ({ page, api }) => {
  const [id] = await api.batch([past(10, { agent_name: 'a', message: 'Dear', cost: 12.45, input_tokens: 1_200_000, output_tokens: 300_000 })])
  await open(page, '/executions')
  await expect(row(page, id)).toContainText('12,45\u00a0$')
  await expect(row(page, id)).toContainText('1,5\u00a0Mio.')
  await expect(page.locator('.card').filter({ hasText: 'Cost' })).toContainText('12,45\u00a0$')
})

test('lesson 18: chart, list and filter are in one time zone, and in UTC on request', async ({ page, api }) => {
  // In Tokyo it was the next morning.
  const [id] = await api.batch([{ ...past(10, { agent_name: 'a', message: 'Late' }), ...at('2026-03-09T20:30:00Z') }])
  await open(page, '/executions?from=2026-03-09T00:00:00Z&to=2026-03-10T12:00:00Z')
  await expect(rows(page)).toHaveCount(1)
  const when = row(page, id).locator('time').first()
  const axis = page.locator('.timeline .axis')
  await expect(when).toHaveAttribute('title', /^10\.03\.2026, 05:30:00 · 2026-03-09 20:30:00 UTC$/)
  await expect(axis).toContainText('9. März')
  await expect(axis).toContainText('09:00')
  const full = page.locator('.bar[aria-label*=": 1 run"]')
  await expect(full).toHaveAttribute('aria-label', /^10\. März/)

  await page.getByLabel(/^Account/).click()
  await page.getByLabel('In UTC').check()
  await expect(when).toHaveAttribute('title', '2026-03-09 20:30:00 UTC')
  await expect(axis).toContainText('00:00 UTC')
  await expect(full).toHaveAttribute('aria-label', /^9\. März, 20:/)
  await page.reload()
  await expect(axis).toContainText('00:00 UTC')
  await page.getByText('Custom time').click()
  await expect(page.getByLabel('From', { exact: true })).toHaveValue('2026-03-09T00:00')
  await page.getByLabel('From', { exact: true }).fill('2026-03-09T21:00')
  await page.getByRole('button', { name: 'Apply range' }).click()
  await expect(page).toHaveURL(/from=2026-03-09T21%3A00%3A00Z|from=2026-03-09T21:00:00Z/)
  await expect(rows(page)).toHaveCount(0)
})
