"""smolagents: python smolagents_agent.py TASK"""

import os
import sys

from opentelemetry.instrumentation import auto_instrumentation

auto_instrumentation.initialize()

from smolagents import OpenAIModel, ToolCallingAgent, tool


@tool
def get_weather(city: str) -> str:
    """The weather in a city.

    Args:
        city: Its name.
    """
    return f"18 °C and sunny in {city}"


@tool
def find_booking(number: str) -> str:
    """A booking by its number.

    Args:
        number: The number.
    """
    raise RuntimeError(f"The bookings can't be read: {number}")


agent = ToolCallingAgent(
    # Refused means refused: nothing is asked for again.
    model=OpenAIModel("gpt-5-mini", api_base=os.environ["OPENAI_BASE_URL"], retry=False, client_kwargs={"max_retries": 0}),
    tools=[get_weather, find_booking],
    name="travel_guide",
    description="Helps travellers.",
    verbosity_level=0,
)
print(agent.run(sys.argv[1]))
