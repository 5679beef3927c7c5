"""The edge a bot talks to: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import asyncio
import inspect
import re
from dataclasses import dataclass

from aiohttp import web

from simulator.call import Call, RawJson
from simulator.errors import ApiError
from simulator.faults import ERRORS, Fault
from simulator.flood import refuse_flood, too_many_requests
from simulator.journal import Entry
from simulator.jsons import Json, dumps
from simulator.methods import CANONICAL, METHODS, SENDING
from simulator.params import journalled, read_params
from simulator.people import Bot
from simulator.world import World

WORLD = web.AppKey("world", World)
METHOD_NOT_FOUND = ApiError(404, "Not Found: method not found")
BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n"
    "</body>\r\n</html>\r\n"
)
_TOKEN = re.compile(r"[1-9][0-9]{0,15}:[A-Za-z0-9_-]+")


@dataclass
class Answer:
    """What goes out; `summary` is its line in the journal, without the result."""

    status: int
    body: str
    summary: Json
    content_type: str = "application/json"

    def as_response(self) -> web.Response:
        response = web.Response(status=self.status, text=self.body, content_type=self.content_type)
        if retry_after := self.summary.get("retry_after"):
            response.headers["Retry-After"] = str(retry_after)
        return response


def success(result: object) -> Answer:
    body = result if isinstance(result, RawJson) else dumps(result)
    return Answer(200, f'{{"ok":true,"result":{body}}}', {"status": 200, "ok": True})


def refusal(error: ApiError) -> Answer:
    """The Bot API's envelope of an error; core.telegram.org/bots/api#making-requests."""
    envelope: Json = {
        "ok": False,
        "error_code": error.code,
        "description": error.description,
    }
    summary: Json = {"status": error.code, "ok": False, "description": error.description}
    if error.retry_after is not None:
        envelope["parameters"] = {"retry_after": error.retry_after}
        summary["retry_after"] = error.retry_after
    return Answer(error.code, dumps(envelope), summary)


async def serve_method(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    token, name = request.match_info["token"], request.match_info["method"]
    entry = Entry(_bot_id(token), CANONICAL.get(name.lower(), name))
    try:
        bot = find_bot(world, token)
        params = await read_params(request)
    except ApiError as error:
        return _recorded(world, entry, refusal(error)).as_response()
    entry.params = journalled(params)
    call = Call(world, bot, params, entry)
    fault = world.faults.for_call(bot.id, entry.method, entry.chat)
    if fault is None:
        return _recorded(world, entry, await _run(call)).as_response()
    return await _serve_struck(request, call, fault)


async def carry_out(world: World, bot: Bot, name: str, params: Json) -> None:
    """A call that came as the answer of a webhook: journalled, never answered."""
    entry = Entry(bot.id, CANONICAL.get(name.lower(), name), params)
    _recorded(world, entry, await _run(Call(world, bot, params, entry)))


async def serve_file(request: web.Request) -> web.StreamResponse:
    """The bytes of a file, for the bot whose `getFile` gave the path."""
    world = request.app[WORLD]
    try:
        find_bot(world, request.match_info["token"])
    except ApiError as error:
        return refusal(error).as_response()
    file = world.files.by_path(request.match_info["path"])
    if file is None:
        return refusal(ApiError(404, "Not Found")).as_response()
    return web.Response(body=file.data, content_type="application/octet-stream")


async def serve_nothing(request: web.Request) -> web.StreamResponse:
    """Any other path of the bot side, in the bot side's envelope."""
    return refusal(ApiError(404, "Not Found")).as_response()


def find_bot(world: World, token: str) -> Bot:
    """Raises 404 for what is no token, 401 for a token of nobody, as api.telegram.org does."""
    if not _TOKEN.fullmatch(token):
        raise ApiError(404, "Not Found")
    bot = world.bot_by_token(token)
    if bot is None:
        raise ApiError(401, "Unauthorized")
    return bot


def _bot_id(token: str) -> int | None:
    return int(token.partition(":")[0]) if _TOKEN.fullmatch(token) else None


async def _run(call: Call) -> Answer:
    """Carries out the call; marks in its journal line whether it had its effect."""
    method = METHODS.get(call.entry.method)
    try:
        if method is None:
            raise METHOD_NOT_FOUND
        if call.entry.method in SENDING:
            refuse_flood(call)
        result = method(call)
        if inspect.isawaitable(result):
            result = await result
    except ApiError as error:
        return refusal(error)
    call.entry.applied = True
    return success(result)


def _recorded(world: World, entry: Entry, answer: Answer) -> Answer:
    entry.answer = answer.summary
    world.journal.record(entry)
    return answer


async def _serve_struck(request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
    """The call under a fault: applied or not, journalled at that moment, then spoilt on its way."""
    call.entry.fault = fault.kind
    call.world.hub.publish("fault", fault=fault.as_json())
    honest = await _run(call) if fault.applies else None
    answer = _spoilt(fault, honest)
    _recorded(call.world, call.entry, answer)
    if fault.kind in {"hang", "slow"}:
        await asyncio.sleep(fault.seconds)
    if fault.kind in {"cut_before", "cut_after", "hang"}:
        return _cut(request)
    if fault.kind == "cut_body":
        return await _cut_in_the_middle(request, answer)
    return answer.as_response()


def _spoilt(fault: Fault, honest: Answer | None) -> Answer:
    match fault.kind:
        case "429":
            return refusal(too_many_requests(fault.retry_after))
        case "400" | "401" | "403" | "409" | "500":
            return refusal(ApiError(int(fault.kind), fault.description or ERRORS[fault.kind]))
        case "502html":
            return Answer(502, BAD_GATEWAY, {"status": 502, "ok": False}, "text/html")
        case "empty":
            return Answer(200, "", {"status": 200, "ok": None})
        case "cut_body" | "slow":
            return honest or success({})
        case _:
            return Answer(0, "", {"status": None, "ok": None})


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _cut_in_the_middle(request: web.Request, answer: Answer) -> web.StreamResponse:
    body = answer.body.encode()
    response = web.StreamResponse(status=answer.status)
    response.content_length = len(body)
    response.content_type = answer.content_type
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
