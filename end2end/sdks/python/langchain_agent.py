"""LangChain on LangGraph: python langchain_agent.py TASK"""

import sys

from opentelemetry.instrumentation import auto_instrumentation

auto_instrumentation.initialize()

from langchain.agents import create_agent
from langchain.agents.middleware import wrap_tool_call
from langchain.messages import ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"18 °C and sunny in {city}"


@tool
def find_booking(number: str) -> str:
    """A booking by its number."""
    raise RuntimeError(f"The bookings can't be read: {number}")


@wrap_tool_call
def tell_the_model(request, handler):
    """An error of a tool is for the model to deal with."""
    try:
        return handler(request)
    except RuntimeError as error:
        return ToolMessage(str(error), tool_call_id=request.tool_call["id"], status="error")


agent = create_agent(
    # Refused means refused: nothing is asked for again.
    ChatOpenAI(model="gpt-5-mini", max_retries=0),
    tools=[get_weather, find_booking],
    system_prompt="Help travellers.",
    middleware=[tell_the_model],
    name="travel-guide",
)
print(agent.invoke({"messages": [("user", sys.argv[1])]})["messages"][-1].content)
