/** What an agent is asked, and what its model says to it. */
export type Scenario = {
  task: string
  tools: ToolCall[]
  /** Without one the model refuses once the tools have been called. */
  answer?: string
}
export type ToolCall = { id: string; name: string; arguments: Record<string, string> }

export const REFUSAL = 'No room left for gpt-5-mini.'
/** How the scripts' tools fail. */
export const TOOL_ERROR = "The bookings can't be read: A-42"

const weather = (city: string): ToolCall => ({ id: `call_${city.toLowerCase()}`, name: 'get_weather', arguments: { city } })
/** What the scripts' tool answers. */
export const weatherIn = (city: string) => `18 °C and sunny in ${city}`

export const TWO_CALLS = {
  task: 'What is the weather in Paris and in Oslo?',
  tools: [weather('Paris'), weather('Oslo')],
  answer: 'It is sunny in both.',
} satisfies Scenario

export const TOOL_FAILS = {
  task: 'Where does booking A-42 go to?',
  tools: [{ id: 'call_booking', name: 'find_booking', arguments: { number: 'A-42' } }],
  answer: 'Your booking is not to be had now.',
} satisfies Scenario

/** It fails late, so what came before must still be told. */
export const REFUSED: Scenario = { task: 'Is it warm in Paris?', tools: [weather('Paris')] }
