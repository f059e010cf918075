import type { ToolCall } from './scenarios.ts'

export type Usage = { input: number; output: number; cached: number; reasoning: number }
export type Answer = { body: object; usage: Usage }
/** Either tools to call, or the end. */
type Says = { tools: ToolCall[] } | { text: string }

export const MODEL = 'gpt-5-mini'
/** What a model says of itself is more exact than what it was asked as. */
export const ANSWERED_AS = 'gpt-5-mini-2025-08-07'

// No two sums of these numbers are the same, so that what was left out or counted twice can't go unseen. All sums are
// small enough to be shown in full.
const FOR_TOOLS: Usage = { input: 211, output: 37, cached: 64, reasoning: 11 }
const FOR_TEXT: Usage = { input: 523, output: 58, cached: 128, reasoning: 17 }

const usageOf = (says: Says) => ('tools' in says ? FOR_TOOLS : FOR_TEXT)
const sentAs = (says: Says) => ('tools' in says ? 'tools' : 'text')

type Asked = { instructions?: string; tools?: { function?: { name?: string } }[] }

/** smolagents' agents end by calling a tool. */
function inTools(asked: Asked, says: Says): Says {
  const ends = asked.tools?.some((tool) => tool.function?.name === 'final_answer')
  return ends && 'text' in says ? { tools: [{ id: 'call_end', name: 'final_answer', arguments: { answer: says.text } }] } : says
}

/** The answer of `POST /chat/completions`. */
export function chatCompletion(asked: Asked, said: Says): Answer {
  const usage = usageOf(said)
  const says = inTools(asked, said)
  const message =
    'tools' in says
      ? { role: 'assistant', content: null, tool_calls: says.tools.map(({ id, ...call }) => ({ id, type: 'function', function: sent(call) })) }
      : { role: 'assistant', content: says.text }
  const body = {
    id: `chatcmpl-${sentAs(said)}`,
    object: 'chat.completion',
    created: seconds(),
    model: ANSWERED_AS,
    choices: [{ index: 0, message, finish_reason: 'tools' in says ? 'tool_calls' : 'stop', logprobs: null }],
    usage: {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      prompt_tokens_details: { cached_tokens: usage.cached },
      completion_tokens_details: { reasoning_tokens: usage.reasoning },
    },
  }
  return { body, usage }
}

/** The answer of `POST /responses`. */
export function response(asked: Asked, says: Says): Answer {
  const usage = usageOf(says)
  const output =
    'tools' in says
      ? says.tools.map(({ id, ...call }) => ({ id: `fc_${id}`, type: 'function_call', status: 'completed', call_id: id, ...sent(call) }))
      : [{ id: 'msg_text', type: 'message', status: 'completed', role: 'assistant', content: [outputText(says.text)] }]
  const body = {
    id: `resp_${sentAs(says)}`,
    object: 'response',
    created_at: seconds(),
    status: 'completed',
    model: ANSWERED_AS,
    instructions: asked.instructions ?? null,
    tools: asked.tools ?? [],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    output,
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: usage.input + usage.output,
    },
  }
  return { body, usage }
}

/** What a model says that has no room for more. */
export const refusal = (message: string) => ({ error: { message, type: 'tokens', param: null, code: 'rate_limit_exceeded' } })

const sent = (call: Pick<ToolCall, 'name' | 'arguments'>) => ({ name: call.name, arguments: JSON.stringify(call.arguments) })
const outputText = (text: string) => ({ type: 'output_text', text, annotations: [] })
const seconds = () => Math.floor(Date.now() / 1000)
