"""The simulator's answers as aiogram reads them: the library is the judge of their shape."""

import pytest
from aiohttp import ClientConnectorError, ServerDisconnectedError

from bots.client import unbuilt_types
from tests.simulator.client import TOKEN
from tests.support import waiting

with unbuilt_types():  # every process of the run imports this file, and one of them needs the types
    from aiogram import Bot, types
    from aiogram.client.default import Default
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import (
        ClientDecodeError,
        TelegramBadRequest,
        TelegramConflictError,
        TelegramForbiddenError,
        TelegramNetworkError,
        TelegramRetryAfter,
        TelegramServerError,
        TelegramUnauthorizedError,
    )
    from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup


@pytest.fixture(scope="module", autouse=True)
def built_types():
    """As aiogram's own import builds them."""
    declared = vars(types)
    for name in types.__all__:
        if hasattr(declared[name], "model_rebuild"):
            declared[name].model_rebuild(_types_namespace=declared | {"Default": Default})


@pytest.fixture
async def bot(telegram):
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
    async with Bot(TOKEN, session=session) as bot:
        yield bot


async def test_it_reads_updates_of_every_kind(telegram, bot):
    person = telegram.customer(first_name="Ada", username="ada")
    keys = [[InlineKeyboardButton(text="Yes", callback_data="y")]]
    asked = await bot.send_message(
        person, "<b>ok?</b>", "HTML", reply_markup=InlineKeyboardMarkup(inline_keyboard=keys)
    )
    for kind in ("text", "photo", "document", "voice", "video", "audio", "animation", "sticker"):
        telegram.act(person, "send", kind=kind, text="" if kind == "sticker" else "text")
    for kind in ("contact", "location", "album"):
        telegram.act(person, "send", kind=kind)
    telegram.act(person, "edit", message_id=3, text="new")
    telegram.act(person, "press", message_id=asked.message_id, data="y")
    telegram.act(person, "block")
    updates = await bot.get_updates()
    kinds = [update.event_type for update in updates]
    assert kinds == ["message"] * 13 + ["edited_message", "callback_query", "my_chat_member"]
    assert [update.message.content_type for update in updates[:11]] == [
        "text",
        "photo",
        "document",
        "voice",
        "video",
        "audio",
        "animation",
        "sticker",
        "contact",
        "location",
        "photo",
    ]


async def test_it_reads_results_and_files(telegram, bot):
    person = telegram.customer()
    assert (await bot.get_me()).username == "test_bot"
    assert (await bot.get_chat(person)).id == person
    assert (await bot.get_webhook_info()).url == ""
    sent = await bot.send_document(person, BufferedInputFile(b"chunked", "a.txt"))
    file = await bot.get_file(sent.document.file_id)
    content = await bot.download_file(file.file_path)
    assert content.read() == b"chunked"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("400", TelegramBadRequest),
        ("401", TelegramUnauthorizedError),
        ("403", TelegramForbiddenError),
        ("409", TelegramConflictError),
        ("429", TelegramRetryAfter),
        ("500", TelegramServerError),
        ("502html", ClientDecodeError),
        ("empty", ClientDecodeError),
        ("cut_body", TelegramNetworkError),
        ("cut_before", TelegramNetworkError),
        ("cut_after", TelegramNetworkError),
    ],
)
async def test_it_raises_what_the_real_server_would_make_it_raise(telegram, bot, kind, error):
    person = telegram.customer()
    telegram.fault(kind, count=1)
    with pytest.raises(error) as caught:
        await bot.send_message(person, "x")
    assert type(caught.value) is error
    if kind in {"cut_before", "cut_after"}:
        assert isinstance(caught.value.__cause__, ServerDisconnectedError)


async def test_it_tells_a_refused_connection_from_a_cut_one(telegram, bot):
    telegram.fault("refuse", seconds=1)
    waiting.until(lambda: not answers(telegram))
    with pytest.raises(TelegramNetworkError) as caught:
        await bot.get_me()
    assert isinstance(caught.value.__cause__, ClientConnectorError)
    waiting.until(lambda: answers(telegram))
    assert (await bot.get_me()).id == 123456


def answers(telegram):
    try:
        telegram.socket().close()
    except ConnectionRefusedError:
        return False
    return True
