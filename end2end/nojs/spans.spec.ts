import { agent, model, newTrace, send, spoken } from '../support/spans.ts'
import { expect, test } from '../support/test.ts'

test('a trace and the lines of a framework can be read', async ({ page, server, api }) => {
  const trace = newTrace()
  await send(server, [model(trace, 1, 0, 900, 60), agent(trace, 0, 'reader', spoken('Go', 'Gone'))])
  const { executions } = await api.read('/api/executions')
  await page.goto(`/executions/${executions[0].id}`)
  await page.getByRole('link', { name: 'Trace · 2' }).click()
  await expect(page.locator('.trace-spans > details')).toHaveCount(2)
  await expect(page.locator('.trace-spans')).toContainText('chat gpt-4o-mini')
  await page.goto('/connect?with=openai-agents')
  await expect(page.locator('.connect-framework')).toContainText('OTEL_EXPORTER_OTLP_ENDPOINT')
  await page.getByRole('navigation', { name: 'Frameworks' }).getByRole('link', { name: 'Pydantic AI' }).click()
  await expect(page.locator('.connect-framework h2')).toHaveText('Pydantic AI')
})
