"""Who the bot is, whom it talks to, and the files it may fetch."""

from __future__ import annotations

from simulator.call import Call
from simulator.errors import bad_request
from simulator.files import MAX_DOWNLOAD
from simulator.jsons import Json


def get_me(call: Call) -> Json:
    return call.bot.as_user() | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
        "can_manage_bots": False,
    }


def get_chat(call: Call) -> Json:
    """ChatFullInfo of a person the bot has met; of anybody else it knows nothing."""
    chat = call.known_chat()
    if not chat.is_started:
        raise bad_request("chat not found")
    return chat.person.as_chat() | {
        "accent_color_id": chat.person.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": True,
            "limited_gifts": True,
            "unique_gifts": True,
            "premium_subscription": True,
            "gifts_from_channels": True,
        },
    }


def get_file(call: Call) -> Json:
    """The path of a file, valid under `/file/bot<token>/`; at most 20 MB."""
    if not call.text("file_id"):
        raise bad_request("file_id not specified")
    file = call.world.files.by_file_id(call.bot.id, call.text("file_id"))
    if len(file.data) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return file.reference(call.bot.id) | {"file_path": file.path}


def set_my_commands(call: Call) -> bool:
    commands = call.json("commands")
    if not isinstance(commands, list) or not all(isinstance(item, dict) for item in commands):
        raise bad_request("can't parse commands JSON object")
    call.bot.commands = commands
    return True


def get_my_commands(call: Call) -> list[Json]:
    return call.bot.commands


def delete_my_commands(call: Call) -> bool:
    call.bot.commands = []
    return True
