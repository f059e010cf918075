import { AxeBuilder } from '@axe-core/playwright'
import { past } from '../support/api.ts'
import { drawer, open } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const two = [
  past(9, {
    agent_name: 'researcher', message: 'Analyze the market', response: 'One\nTwo\nThree', status: 'success', model: 'gpt-5-mini', labels: { env: 'prod' },
    steps: [{ index: 0, title: 'Read', status: 'success' }],
    tool_calls: [{ call_id: '1', name: 'web.search', arguments: { q: 'a' }, status: 'success' }, { call_id: '2', name: 'web.open', status: 'success' }],
  }),
  past(5, {
    agent_name: 'researcher', message: 'Analyze the market', response: 'One\n2\nThree', status: 'failed', error: 'Rate limited', model: 'gpt-5-mini', labels: { env: 'test' },
    steps: [{ index: 0, title: 'Read', status: 'failed', error: 'No answer' }],
    tool_calls: [{ call_id: '1', name: 'web.search', arguments: { q: 'b' }, status: 'success' }],
  }),
]

test('two runs are compared, and what differs is said', async ({ page, api }) => {
  const [a, b] = await api.batch(two)
  await open(page, `/executions/compare?a=${a}&b=${b}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Compare runs')
  const fact = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
  await expect(fact('Status')).toContainText('differs')
  await expect(fact('Model')).not.toContainText('differs')
  await expect(fact('Label env')).toContainText('differs')
  await expect(page.getByRole('heading', { name: /^Message/ })).toContainText('the same')
  await expect(page.locator('.diff-a').filter({ hasText: 'Two' })).toHaveCount(1)
  await expect(page.locator('.diff-b').filter({ hasText: /2$/ })).toHaveCount(1)
  await expect(page.locator('.compare-parts li').filter({ hasText: 'Read' })).toContainText('≠ status')
  await expect(page.locator('.compare-parts li').filter({ hasText: 'web.search' })).toContainText('≠ arguments')
  await expect(page.locator('.compare-parts li').filter({ hasText: 'web.open' })).toContainText('only in A')
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`)).toEqual([])

  await page.getByRole('link', { name: 'Swap' }).click()
  await expect(page).toHaveURL(new RegExp(`a=${b}&b=${a}`))
  await expect(page.locator('.compare-parts li').filter({ hasText: 'web.open' })).toContainText('only in B')
  await expect(page.getByRole('textbox', { name: 'Run A' })).toHaveValue(b)
})

test('a run leads to the comparison, with its other attempts at hand', async ({ page, api }) => {
  const [first] = await api.batch([two[0]])
  const [second] = await api.batch([{ ...two[1], retry_of: first }])
  await open(page, `/executions?run=${second}`)
  await drawer(page).locator('summary[aria-label="More actions"]').click()
  await drawer(page).getByRole('link', { name: 'Compare with…' }).click()
  await expect(page).toHaveURL(new RegExp(`compare\\?a=${second}`))
  await page.getByRole('link', { name: 'Attempt 1' }).click()
  await expect(page).toHaveURL(new RegExp(`b=${first}`))
  await expect(page.getByRole('row', { name: /^Status/ })).toContainText('differs')
})

test('a run that is missing is a 404 that says which', async ({ page, api, complaints }) => {
  complaints.allow(/status of 404/)
  const [a] = await api.batch([two[0]])
  const answer = await page.goto(`/executions/compare?a=${a}&b=01999999-9999-7999-8999-999999999999`)
  expect(answer?.status()).toBe(404)
  await expect(page.locator('main')).toContainText('Run B: no such run')
  expect((await page.goto('/executions/compare'))?.status()).toBe(200)
})
