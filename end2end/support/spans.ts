import { randomBytes } from 'node:crypto'
import type { Server } from './server.ts'

type Attributes = Record<string, string | number>
export type Span = { spanId: string; [field: string]: unknown }

export const newTrace = () => randomBytes(16).toString('hex')
const id = (n: number) => (n + 1).toString(16).padStart(16, '0')

/** Span `n` of a trace, a second after the one before it and a second long. */
export function span(traceId: string, n: number, parent: number | null, name: string, attributes: Attributes, more: object = {}): Span {
  const start = Date.now() - 60_000 + n * 1_000
  const nanos = (ms: number) => `${ms}000000`
  return {
    traceId, spanId: id(n), parentSpanId: parent === null ? undefined : id(parent), name, kind: 1,
    startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(start + 1_000),
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key, value: typeof value === 'number' ? { intValue: `${value}` } : { stringValue: value },
    })),
    ...more,
  }
}

const said = (role: string, content: string) => JSON.stringify([{ role, parts: [{ type: 'text', content }] }])

export const agent = (trace: string, n: number, name: string, more: Attributes = {}) =>
  span(trace, n, null, `invoke_agent ${name}`, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': name, ...more })

export const spoken = (question: string, answer: string): Attributes => ({
  'gen_ai.input.messages': said('user', question), 'gen_ai.output.messages': said('assistant', answer),
})

export const model = (trace: string, n: number, parent: number, input: number, output: number, name = 'gpt-4o-mini') =>
  span(trace, n, parent, `chat ${name}`, {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': name,
    'gen_ai.usage.input_tokens': input, 'gen_ai.usage.output_tokens': output,
  })

export const tool = (trace: string, n: number, parent: number, name: string, args: string, result: string, more: object = {}) =>
  span(trace, n, parent, `execute_tool ${name}`, {
    'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name,
    'gen_ai.tool.call.arguments': args, 'gen_ai.tool.call.result': result,
  }, more)

export const failedWith = (message: string) => ({ status: { code: 2, message } })

/** What an exporter would send; all of it is taken. */
export async function send(server: Server, spans: Span[], token = server.token) {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
  const answer = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] }),
  })
  if (answer.status !== 200 || (await answer.text()) !== '{}') throw new Error(`spans: ${answer.status}`)
}
