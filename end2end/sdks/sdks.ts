import { resolve } from 'node:path'
import { ANSWERED_AS, MODEL } from './model-answers.ts'
import { TOOL_ERROR } from './scenarios.ts'

/** A script with an agent of a real SDK, and what that SDK's spans tell and leave out. */
export type Sdk = {
  name: string
  command: string[]
  agent: string
  model: string
  /** These of the model's numbers are in the spans. */
  tells: { cached: boolean; reasoning: boolean }
  /** What is told of a tool that raised. */
  toolError: string
  /** Of a tool's one argument the value is told and not the name. */
  bareArgument?: true
  /** Agents of this SDK answer by calling this tool. */
  answersWith?: string
  /** The span of a run that fails is never ended: only silence tells of its end, and nothing of its agent's name. */
  losesFailedRuns?: true
}

/** What programs are called that nothing else names. */
export const SERVICE = 'travels'

const here = import.meta.dirname
const python = resolve(here, '../../.tools/sdks/bin/python')
const usual = { agent: 'travel-guide', model: ANSWERED_AS, tells: { cached: true, reasoning: true }, toolError: TOOL_ERROR }
const pythonSdk = (name: string, script: string, more: Partial<Sdk> = {}): Sdk => ({
  name,
  command: [python, resolve(here, 'python', script)],
  ...usual,
  ...more,
})

export const SDKS: Sdk[] = [
  pythonSdk('Pydantic AI', 'pydantic_ai_agent.py'),
  // What a tool says when it raises is nothing for logs, as this SDK has it.
  pythonSdk('OpenAI Agents SDK', 'openai_agents_agent.py', { toolError: 'Error details are redacted' }),
  pythonSdk('LangChain', 'langchain_agent.py', { bareArgument: true }),
  pythonSdk('smolagents', 'smolagents_agent.py', {
    // Its agents' names are identifiers, and the model is called what it was asked as.
    agent: 'travel_guide',
    model: MODEL,
    tells: { cached: false, reasoning: false },
    answersWith: 'final_answer',
    losesFailedRuns: true,
  }),
  {
    name: 'Vercel AI SDK',
    command: [process.execPath, resolve(here, 'node/agent.mjs')],
    ...usual,
    tells: { cached: true, reasoning: false },
  },
]
