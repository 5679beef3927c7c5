"""The Bot API methods this server knows; everything else is "method not found"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from simulator.call import Call
from simulator.methods import changes, info, media, messages, polling, webhooks

Method = Callable[[Call], Any | Awaitable[Any]]

METHODS: dict[str, Method] = {
    "getMe": info.get_me,
    "getChat": info.get_chat,
    "getFile": info.get_file,
    "setMyCommands": info.set_my_commands,
    "getMyCommands": info.get_my_commands,
    "deleteMyCommands": info.delete_my_commands,
    "getUpdates": polling.get_updates,
    "setWebhook": webhooks.set_webhook,
    "deleteWebhook": webhooks.delete_webhook,
    "getWebhookInfo": webhooks.get_webhook_info,
    "sendMessage": messages.send_message,
    "sendChatAction": messages.send_chat_action,
    "answerCallbackQuery": messages.answer_callback_query,
    "sendPhoto": media.send_photo,
    "sendDocument": media.send_document,
    "sendVoice": media.send_voice,
    "sendVideo": media.send_video,
    "sendAudio": media.send_audio,
    "sendAnimation": media.send_animation,
    "sendSticker": media.send_sticker,
    "sendMediaGroup": media.send_media_group,
    "editMessageText": changes.edit_message_text,
    "editMessageCaption": changes.edit_message_caption,
    "editMessageReplyMarkup": changes.edit_message_reply_markup,
    "deleteMessage": changes.delete_message,
    "deleteMessages": changes.delete_messages,
}

CANONICAL = {name.lower(): name for name in METHODS}
SENDING = {name for name in METHODS if name.startswith("send") and name != "sendChatAction"}
