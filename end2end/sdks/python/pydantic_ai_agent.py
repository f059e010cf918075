"""Pydantic AI: python pydantic_ai_agent.py TASK"""

import sys

from opentelemetry.instrumentation import auto_instrumentation

auto_instrumentation.initialize()

from pydantic_ai import Agent, ModelRetry
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from openai import AsyncOpenAI

Agent.instrument_all()

# Refused means refused: nothing is asked for again.
model = OpenAIChatModel("gpt-5-mini", provider=OpenAIProvider(openai_client=AsyncOpenAI(max_retries=0)))
agent = Agent(model, name="travel-guide", instructions="Help travellers.")


@agent.tool_plain
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"18 °C and sunny in {city}"


@agent.tool_plain
def find_booking(number: str) -> str:
    """A booking by its number."""
    raise ModelRetry(f"The bookings can't be read: {number}")


print(agent.run_sync(sys.argv[1]).output)
