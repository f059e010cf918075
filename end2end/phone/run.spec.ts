import { past } from '../support/api.ts'
import { drawer, open } from '../support/page.ts'
import { expectNothingSideways, smallTargets } from '../support/phone.ts'
import { expect, test } from '../support/test.ts'

const LONG = 'averyveryverylongwordthatdoesnotbreakanywhereatallandgoesonandonandon'
const WIDE = `# Result\n\n| ${Array.from({ length: 12 }, (_, i) => `Column ${i}`).join(' | ')} |\n|${'---|'.repeat(12)}\n\n\`\`\`\n${'code '.repeat(60)}\n\`\`\`\n\n${LONG.repeat(3)} and https://a.example/${LONG.repeat(3)}`

test('the header of a run leaves the screen to the run', async ({ page, api }) => {
  const { id } = await api.start('an-agent-with-quite-a-long-name', `${LONG} and more words, so that the title needs several lines on a phone and more`, {
    current_step: 'Read', steps_total: 5,
  })
  await open(page, `/executions?run=${id}`)
  const tabs = await drawer(page).getByRole('navigation', { name: 'Views of this run' }).boundingBox()
  expect(tabs && tabs.y + tabs.height, 'everything above the view').toBeLessThanOrEqual(200)
  expect(await smallTargets(page)).toEqual([])
  await expect(drawer(page).getByRole('button', { name: 'Stop' })).toBeInViewport()
  await drawer(page).locator('summary[aria-label="More actions"]').tap()
  await expect(drawer(page).getByRole('link', { name: 'Compare with…' })).toBeInViewport()
  await expectNothingSideways(page)
})

test('wide answers, logs and calls scroll in their own boxes', async ({ page, api }) => {
  const [id] = await api.batch([
    past(5, {
      agent_name: 'researcher', message: LONG.repeat(4), response: WIDE, error: `Error: ${LONG.repeat(4)}`, status: 'failed',
      steps: [{ index: 0, title: LONG.repeat(2), status: 'failed', error: LONG.repeat(4) }],
      tool_calls: [{ call_id: LONG, name: LONG, arguments: { [LONG]: LONG.repeat(8) }, status: 'success' }],
      log: [{ stream: 'stderr', text: LONG.repeat(8) }],
    }),
  ])
  for (const place of [`/executions?run=${id}`, `/executions/${id}`]) {
    for (const tab of ['overview', 'steps', 'tools', 'log', 'json']) {
      await open(page, `${place}${place.includes('?') ? '&' : '?'}tab=${tab}`)
      await expectNothingSideways(page)
      const inner = page.locator('.run-view')
      expect(await inner.evaluate((node) => node.scrollWidth - node.clientWidth), `${place} ${tab}`).toBeLessThanOrEqual(0)
    }
  }
})

test('the log can be searched with a thumb', async ({ page, api }) => {
  const { id } = await api.start('build', 'Nightly build')
  await api.log(id, ...Array.from({ length: 500 }, (_, i) => (i % 100 === 7 ? `Warning ${i}` : `line ${i}`)))
  await open(page, `/executions?run=${id}&tab=log`)
  expect(await smallTargets(page)).toEqual([])
  await drawer(page).getByRole('searchbox', { name: 'Search the log' }).fill('warning')
  await expect(drawer(page).locator('.log-found')).toHaveText('1 of 5')
  await drawer(page).getByRole('button', { name: 'Next match' }).tap()
  await expect(drawer(page).locator('.log-found')).toHaveText('2 of 5')
  await expect(drawer(page).locator('.log-line.found')).toContainText('Warning 107')
  await expectNothingSideways(page)
})

test('two runs stand above each other', async ({ page, api }) => {
  const [a, b] = await api.batch([
    past(9, { agent_name: 'a', message: LONG.repeat(3), response: 'One\nTwo', tool_calls: [{ call_id: '1', name: LONG, arguments: { a: LONG.repeat(9) }, status: 'success' }] }),
    past(5, { agent_name: 'a', message: LONG.repeat(2), response: `One\n${LONG.repeat(3)}`, status: 'failed', error: LONG.repeat(5) }),
  ])
  await open(page, `/executions/compare?a=${a}&b=${b}`)
  await expect(page.getByText('differs').first()).toBeVisible()
  await expectNothingSideways(page)
  expect(await smallTargets(page)).toEqual([])
})
