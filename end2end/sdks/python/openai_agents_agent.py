"""OpenAI Agents SDK: python openai_agents_agent.py TASK"""

import sys

from opentelemetry.instrumentation import auto_instrumentation

auto_instrumentation.initialize()

from agents import Agent, Runner, function_tool, set_default_openai_client
from openai import AsyncOpenAI

# Refused means refused: nothing is asked for again.
set_default_openai_client(AsyncOpenAI(max_retries=0), use_for_tracing=False)


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"18 °C and sunny in {city}"


@function_tool
def find_booking(number: str) -> str:
    """A booking by its number."""
    raise RuntimeError(f"The bookings can't be read: {number}")


agent = Agent(
    name="travel-guide",
    instructions="Help travellers.",
    model="gpt-5-mini",
    tools=[get_weather, find_booking],
)
print(Runner.run_sync(agent, sys.argv[1]).final_output)
