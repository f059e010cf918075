// Vercel AI SDK: node agent.mjs TASK
import { OpenTelemetry } from '@ai-sdk/otel'
import { openai } from '@ai-sdk/openai'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { ToolLoopAgent, registerTelemetry, tool } from 'ai'
import { z } from 'zod'

const sdk = new NodeSDK()
sdk.start()
registerTelemetry(new OpenTelemetry())

const agent = new ToolLoopAgent({
  model: openai('gpt-5-mini'),
  instructions: 'Help travellers.',
  // Refused means refused: nothing is asked for again.
  maxRetries: 0,
  telemetry: { functionId: 'travel-guide' },
  tools: {
    get_weather: tool({
      description: 'The weather in a city.',
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => `18 °C and sunny in ${city}`,
    }),
    find_booking: tool({
      description: 'A booking by its number.',
      inputSchema: z.object({ number: z.string() }),
      execute: ({ number }) => {
        throw new Error(`The bookings can't be read: ${number}`)
      },
    }),
  },
})

try {
  const { text } = await agent.generate({ prompt: process.argv[2] })
  console.log(text)
} finally {
  await sdk.shutdown()
}
