import { expect } from '@playwright/test'
import type { Api } from '../support/api.ts'
import type { Truth } from './model.ts'
import { type Scenario, type ToolCall, weatherIn } from './scenarios.ts'
import type { Sdk } from './sdks.ts'

/** The one run there is, once it stands as it should: its last spans may come after its agent has ended. */
export async function theRun(api: Api, status: string): Promise<{ id: string }> {
  const runs = async (): Promise<{ id: string; status: string }[]> => (await api.read('/api/executions')).executions
  await expect.poll(async () => (await runs()).map((run) => run.status)).toEqual([status])
  return (await runs())[0]
}

/** The calls that a run of this SDK has, in no order. */
export function callsOf(sdk: Sdk, { tools, answer }: Scenario): ToolCall[] {
  const last = sdk.answersWith && answer ? [{ id: 'call_end', name: sdk.answersWith, arguments: { answer } }] : []
  return [...tools, ...last]
}

/** Exactly what the model handed out is in the record, and in the sums over all runs. */
export async function expectTruth(api: Api, sdk: Sdk, id: string, scenario: Scenario, truth: Truth) {
  const calls = callsOf(sdk, scenario)
  expect(await api.read(`/api/executions/${id}`)).toMatchObject({
    agent_name: sdk.agent,
    message: expect.stringContaining(scenario.task),
    response: scenario.answer ?? null,
    model: sdk.model,
    input_tokens: truth.input,
    output_tokens: truth.output,
    total_tokens: truth.input + truth.output,
    cached_tokens: sdk.tells.cached ? truth.cached : null,
    reasoning_tokens: sdk.tells.reasoning ? truth.reasoning : null,
    tool_call_count: calls.length,
  })
  const { tool_calls } = await api.read(`/api/executions/${id}/tool-calls`)
  const told = tool_calls.map(({ name, status, arguments: args }: Told) => ({ name, status, arguments: args }))
  expect(told).toHaveLength(calls.length)
  expect(told).toEqual(expect.arrayContaining(calls.map((call) => tellsOf(sdk, call))))
  const results = tool_calls.filter(({ name }: Told) => name === 'get_weather').map(({ result }: Told) => result)
  expect(results.sort()).toEqual(scenario.tools.flatMap(({ arguments: { city } }) => (city ? [weatherIn(city)] : [])).sort())
  expect(await api.read('/api/executions/stats')).toMatchObject({
    total_executions: 1,
    total_tokens: truth.input + truth.output,
  })
}

type Told = { name: string; status: string; arguments: unknown; result: unknown }

function tellsOf(sdk: Sdk, { name, arguments: args }: ToolCall) {
  const status = name === 'find_booking' ? 'failed' : 'success'
  return { name, status, arguments: sdk.bareArgument ? Object.values(args)[0] : args }
}
