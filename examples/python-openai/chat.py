"""Asks models through Chorda with the official client of OpenAI for Python: only its base URL and key differ.

    CHORDA_URL=http://127.0.0.1:4600 CHORDA_API_KEY=chd_... python chat.py [MODEL]

Prints one line of JSON for each question: a chat, a stream, a tool call, an answer that keeps a schema, embeddings.
"""

import json
import os
import sys

from openai import NotFoundError, OpenAI

client = OpenAI(base_url=os.environ["CHORDA_URL"] + "/openai/v1", api_key=os.environ["CHORDA_API_KEY"])
question = [{"role": "user", "content": "Say hello."}]
weather = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a town",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    },
}
report = {
    "name": "report",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {"degrees": {"type": "integer"}},
        "required": ["degrees"],
        "additionalProperties": False,
    },
}


def show(what: str, **found: object) -> None:
    print(json.dumps({"what": what, **found}), flush=True)


def chat(model: str) -> None:
    # What Chorda is told beside the model's own fields: how urgent it is, and whose conversation it belongs to.
    terms = {"x-chorda-priority": "high", "x-chorda-session": "python-1"}
    answer = client.chat.completions.create(model=model, messages=question, extra_headers=terms)
    show("chat", text=answer.choices[0].message.content, tokens=answer.usage.total_tokens)


def stream(model: str) -> None:
    options = {"include_usage": True}
    pieces, tokens = [], None
    for chunk in client.chat.completions.create(model=model, messages=question, stream=True, stream_options=options):
        pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        tokens = chunk.usage.total_tokens if chunk.usage else tokens
    show("stream", text="".join(pieces), pieces=len(pieces), tokens=tokens)


def tool(model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=question, tools=[weather], tool_choice="required")
    call = answer.choices[0].message.tool_calls[0].function
    show("tool", name=call.name, arguments=json.loads(call.arguments))


def structured(model: str) -> None:
    form = {"type": "json_schema", "json_schema": report}
    answer = client.chat.completions.create(model=model, messages=question, response_format=form)
    show("structured", value=json.loads(answer.choices[0].message.content))


def embeddings(names: list) -> None:
    model = next((name for name in names if "embed" in name), None)
    if model is None:
        return
    answer = client.embeddings.create(model=model, input=["one text", "another text"])
    show("embeddings", vectors=[len(row.embedding) for row in answer.data])


def main() -> None:
    names = [model.id for model in client.models.list()]
    model = sys.argv[1] if len(sys.argv) > 1 else names[0]
    chat(model)
    stream(model)
    tool(model)
    structured(model)
    embeddings(names)
    try:
        client.chat.completions.create(model="no-such-model", messages=question)
    except NotFoundError as error:
        show("refused", status=error.status_code, message=error.body["message"])


if __name__ == "__main__":
    main()
