import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { minutesAgo, past } from '../support/api.ts'
import { drawer, open } from '../support/page.ts'
import { expect, test } from '../support/test.ts'

const MARKDOWN = [
  '# Findings',
  'The market **grows**, see [the report](https://a.example/report) and https://b.example/x.',
  '- one\n- two',
  '| Year | Units |\n|------|------:|\n| 2025 | 12 |',
  '```rust\nlet x = "a very long line of code that goes on and on and on and on and on and on and on and on and on";\n```',
  '<script>window.hacked = true</script><img src=x onerror="window.hacked=true">',
  '[click](javascript:window.hacked=true) ![cat](https://evil.example/cat.png)',
].join('\n\n')

async function expectAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target)}`)).toEqual([])
}

/** Levels of the visible headings, in order. */
const headings = (page: Page, within: string) =>
  page.locator(`${within} :is(h1,h2,h3,h4,h5,h6)`).evaluateAll((nodes) =>
    nodes.filter((node) => node.checkVisibility()).map((node) => Number(node.tagName.slice(1))),
  )

function expectNoLevelLeftOut(levels: number[]) {
  for (const [i, level] of levels.entries()) expect(level, levels.join(' ')).toBeLessThanOrEqual((levels[i - 1] ?? level) + 1)
}

test('an answer in Markdown is rendered, harmless, and can be read raw', async ({ page, api }) => {
  const [id] = await api.batch([past(5, { agent_name: 'researcher', message: 'Analyze the market', response: MARKDOWN })])
  await open(page, `/executions?run=${id}`)
  const answer = drawer(page).locator('.md')
  await expect(answer.getByRole('heading', { name: 'Findings' })).toBeVisible()
  await expect(answer.locator('strong')).toHaveText('grows')
  await expect(answer.getByRole('cell', { name: '12' })).toBeVisible()
  const link = answer.getByRole('link', { name: 'the report' })
  await expect(link).toHaveAttribute('rel', 'noopener noreferrer nofollow')
  await expect(link).toHaveAttribute('target', '_blank')
  await expect(answer.getByRole('link', { name: 'https://b.example/x' })).toBeVisible()
  await expect(answer).toContainText('<script>window.hacked = true</script>')
  await expect(answer.getByRole('link', { name: /Image: cat/ })).toHaveAttribute('href', 'https://evil.example/cat.png')
  await expect(answer.locator('img, script, [onerror], [href^=javascript]')).toHaveCount(0)
  expect(await page.evaluate(() => 'hacked' in window)).toBe(false)

  const raw = drawer(page).getByRole('button', { name: 'Raw text: Response' })
  await raw.click()
  await expect(answer).toHaveCount(0)
  await expect(drawer(page)).toContainText('# Findings')
  await raw.click()
  await expect(answer).toBeVisible()
})

test('an answer that becomes Markdown while it is looked at is rendered then', async ({ page, api }) => {
  const { id } = await api.start('researcher', 'Analyze the market')
  await open(page, `/executions/${id}`)
  await api.patch(id, { status: 'success', response: 'It **grows**.' })
  await expect(page.locator('.md strong')).toHaveText('grows')
})

test('headings leave no level out, on the page and in the drawer', async ({ page, api }) => {
  const [id] = await api.batch([
    past(5, {
      agent_name: 'researcher', message: '# Task\n\nAnalyze', response: MARKDOWN, error: 'Trace\n  at a', status: 'failed', metadata: { a: 1 }, labels: { env: 'prod' },
      tool_calls: [{ call_id: 'c1', name: 'web.search', arguments: { q: 1 }, status: 'success' }],
    }),
  ])
  await open(page, `/executions/${id}`)
  const levels = await headings(page, 'main')
  expect(levels[0]).toBe(1)
  expectNoLevelLeftOut(levels)
  await expectAccessible(page)
  await open(page, `/executions/${id}?tab=tools`)
  await page.locator('.call summary').click()
  await expect(page.locator('.call .json')).toBeVisible()
  expectNoLevelLeftOut(await headings(page, 'main'))
  await expectAccessible(page)
  await open(page, `/executions?run=${id}`)
  const inDrawer = await headings(page, 'dialog[open]')
  expect(inDrawer[0]).toBe(2)
  expectNoLevelLeftOut(inDrawer)
})

test('tokens are split and the context is a gauge with words', async ({ page, api }) => {
  const [id] = await api.batch([
    past(5, {
      agent_name: 'a', message: 'Task', input_tokens: 12_480, output_tokens: 850, cached_tokens: 3_000, reasoning_tokens: 200,
      context_used: 84_000, context_max: 200_000,
    }),
  ])
  await open(page, `/executions/${id}`)
  const facts = page.locator('.facts')
  await expect(facts).toContainText('12.5K input · 850 output · 3.0K cached · 200 reasoning')
  await expect(facts.getByRole('meter', { name: 'Context in use' })).toHaveAttribute('value', '84000')
  await expect(facts).toContainText('84.0K of 200K')
  await expect(facts).toContainText('42 % used')
})

test('the tree below a run and all its steps are told', async ({ page, api }) => {
  const root = await api.start('lead', 'Root')
  const child = await api.start('worker', 'Child', { parent_id: root.id })
  await api.create({ agent_name: 'worker', message: 'Grandchild', status: 'failed', error: 'No', parent_id: child.id })
  await api.steps(root.id, ...[0, 1, 2].map((index) => ({ index, title: `Step ${index}`, status: index ? 'running' : 'success' })))
  await open(page, `/executions/${root.id}`)
  await expect(page.getByRole('heading', { name: 'Sub-runs · 2' })).toBeVisible()
  const rows = page.locator('.related li')
  await expect(rows).toHaveCount(2)
  await expect(rows.nth(1)).toContainText('Level 2')
  await expect(rows.nth(1)).toContainText('Failed')
  await expect(page.getByRole('link', { name: 'Steps · 3' })).toBeVisible()
})

test('the log is searched as a whole, and the matches are walked with Enter', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  for (let part = 0; part < 10; part++) {
    await api.log(id, ...Array.from({ length: 1000 }, (_, i) => (i === 499 ? `ERROR in part ${part}` : `line ${part * 1000 + i + 1}`)))
  }
  await open(page, `/executions?run=${id}&tab=log`)
  await expect(drawer(page).getByText('line 10000', { exact: true })).toBeVisible()
  const field = drawer(page).getByRole('searchbox', { name: 'Search the log' })
  const found = drawer(page).locator('.log-found')
  await field.fill('error in')
  await expect(found).toHaveText('1 of 10')
  const current = drawer(page).locator('.log-line.found')
  await expect(current).toContainText('ERROR in part 0')
  await expect(current.locator('mark')).toHaveText('ERROR in')
  await expect(current).toBeInViewport()
  await field.press('Enter')
  await expect(found).toHaveText('2 of 10')
  await expect(current).toContainText('ERROR in part 1')
  await expect(current).toBeInViewport()
  await field.press('Shift+Enter')
  await field.press('Shift+Enter')
  await expect(found).toHaveText('10 of 10')
  await expect(current).toContainText('ERROR in part 9')
  expect(await drawer(page).locator('.log-line').count()).toBeLessThanOrEqual(200)

  await api.log(id, 'One more error in the end')
  await expect(found).toHaveText('10 of 11')
  await field.fill('nowhere at all')
  await expect(found).toHaveText('Not found')
  await expectAccessible(page)
  await field.press('Escape')
  await expect(found).toBeEmpty()
  await expect(drawer(page)).toBeVisible()
})

test('lines tell the time of day, the time since the start, or none', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build', { started_at: minutesAgo(3) })
  await api.log(id, 'a line')
  await open(page, `/executions/${id}?tab=log`)
  const time = page.locator('.log-line time')
  await expect(time).toHaveText(/^\d+:\d\d:\d\d/)
  const choice = page.getByRole('combobox', { name: 'Times of the lines' })
  await choice.selectOption('Since start')
  await expect(time).toHaveText(/^\+03:0\d$/)
  await choice.selectOption('No times')
  await expect(time).toBeHidden()
})

test('long values are read when a call is opened, and a call leads to the runs of its tool', async ({ page, api }) => {
  const { id } = await api.start('researcher', 'Analyze the market')
  await api.toolCalls(id, {
    call_id: 'c1', name: 'web.search', arguments: { query: 'x'.repeat(300_000) }, result: { hits: 12 }, status: 'success', started_at: minutesAgo(1),
  })
  await open(page, `/executions?run=${id}&tab=tools`)
  const call = drawer(page).locator('.call')
  await call.locator('summary').first().click()
  await expect(call).toContainText('Show all, 299,400 more characters')
  await expect(call).toContainText('hits')
  await call.getByRole('button', { name: /Show all/ }).click()
  await expect.poll(async () => (await call.locator('.j-string').textContent())?.length).toBe(300_000)
  await call.getByRole('link', { name: 'All runs that called web.search' }).click()
  await expect(page).toHaveURL(/tool=web\.search/)
  await expect(page.locator(`main [data-execution-id="${id}"]`)).toHaveCount(1)
})

test('lesson 19: ten thousand calls and values of 5 MB leave the page quick', async ({ page, api }) => {
  const { id } = await api.start('researcher', 'Analyze the market')
  const call = (part: number, i: number) => ({
    call_id: `c${part}-${i}`, name: `tool.${i % 7}`, arguments: { i }, status: 'success', started_at: minutesAgo(10 - part), completed_at: minutesAgo(9 - part),
  })
  for (let part = 0; part < 10; part++) await api.toolCalls(id, ...Array.from({ length: 1000 }, (_, i) => call(part, i)))
  // As long as a value may be, five times.
  const items = Array.from({ length: 9_500 }, (_, i) => ({ i, text: 'x'.repeat(85) }))
  await api.toolCalls(id, ...[0, 1, 2, 3, 4].map((i) => ({ ...call(-10, i), result: { items } })))
  const sizes: Promise<number>[] = []
  page.on('response', (answer) => {
    if (answer.url().includes('/fn/')) sizes.push(answer.body().then((body) => body.length, () => 0))
  })
  await open(page, `/executions?run=${id}&tab=tools`)
  const calls = drawer(page).locator('.call')
  await expect(calls).toHaveCount(100)
  await drawer(page).getByRole('button', { name: 'Next', exact: true }).click()
  await expect(drawer(page)).toContainText('101–200 of 10,005')
  await expect(calls).toHaveCount(100)
  await drawer(page).getByRole('button', { name: 'Previous', exact: true }).click()
  await expect(drawer(page)).toContainText('1–100 of 10,005')
  expect(Math.max(0, ...(await Promise.all(sizes))), 'no value was loaded that nobody opened').toBeLessThan(200_000)

  await calls.first().locator('summary').first().click()
  await expect(calls.first()).toContainText('items')
  await calls.first().locator('.json').getByText('items:').click()
  await expect(calls.first().locator('.json').last()).toContainText(/more/)
  expect(await page.locator('*').count(), 'elements in the document').toBeLessThan(6_000)
  await page.keyboard.press('Escape')
  await expect(drawer(page)).toHaveCount(0)
})
