"""Files: uploads, `file_id`s, downloads, albums."""

import base64
import json

import pytest
import requests

from tests.simulator.client import TOKEN

KINDS = ["photo", "document", "voice", "video", "audio", "animation", "sticker"]


def upload(telegram, method, data, files):
    address = f"{telegram.url}/bot{TOKEN}/{method}"
    return requests.post(address, data=data, files=files, timeout=60).json()


def first_file(message, kind):
    return message[kind][-1] if kind == "photo" else message[kind]


def download(telegram, file_id):
    path = telegram.call("getFile", file_id=file_id)["file_path"]
    return requests.get(f"{telegram.url}/file/bot{TOKEN}/{path}", timeout=20)


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_what_a_bot_uploads(telegram, kind):
    person = telegram.customer()
    files = {kind: ("my file.bin", b"content of the file")}
    method = f"send{kind.capitalize()}"
    message = upload(telegram, method, {"chat_id": person, "caption": "c"}, files)["result"]
    file = first_file(message, kind)
    assert file["file_size"] == len(b"content of the file")
    assert download(telegram, file["file_id"]).content == b"content of the file"
    assert message.get("caption") == (None if kind == "sticker" else "c")
    assert telegram.transcript(person)[-1]["kind"] == kind


@pytest.mark.parametrize("kind", KINDS)
def test_it_gives_the_bot_what_a_person_sends(telegram, kind):
    person = telegram.customer()
    data = base64.b64encode(b"from the phone").decode()
    telegram.act(person, "send", kind=kind, data_base64=data, file_name="a b.png")
    message = telegram.poll()[-1]["message"]
    file = first_file(message, kind)
    assert download(telegram, file["file_id"]).content == b"from the phone"
    again = telegram.call(f"send{kind.capitalize()}", chat_id=person, **{kind: file["file_id"]})
    assert first_file(again, kind)["file_unique_id"] == file["file_unique_id"]


def test_it_names_files_for_one_bot_alone(telegram):
    person = telegram.customer()
    telegram.act(person, "send", kind="photo")
    file_id = telegram.poll()[-1]["message"]["photo"][0]["file_id"]
    other = telegram.post("/bots")["token"]
    for value in (file_id, "nonsense", "é"):
        answer = telegram.raw("getFile", token=other, file_id=value).json()
        assert answer["description"] == "Bad Request: wrong file identifier/HTTP URL specified"


def test_it_serves_files_only_to_bots_and_only_what_is_there(telegram):
    for token, path, status in [(TOKEN, "photos/x/y.png", 404), ("1:x", "photos/x/y.png", 401)]:
        answer = requests.get(f"{telegram.url}/file/bot{token}/{path}", timeout=20)
        assert (answer.status_code, answer.json()["ok"]) == (status, False)


def test_it_sends_photos_the_person_can_see(telegram):
    person = telegram.customer()
    telegram.act(person, "send", kind="photo", text="look")
    message = telegram.poll()[-1]["message"]
    assert message["caption"] == "look"
    shown = download(telegram, message["photo"][0]["file_id"])
    assert shown.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("value", "description"),
    [
        ("", "there is no photo in the request"),
        ("attach://missing", "there is no photo in the request"),
        ("https://example.org/a.png", "failed to get HTTP URL content"),
    ],
)
def test_it_refuses_photos_it_cannot_get(telegram, value, description):
    person = telegram.customer()
    assert telegram.error("sendPhoto", chat_id=person, photo=value) == (
        400,
        f"Bad Request: {description}",
    )


def test_it_keeps_telegrams_limits_of_size(telegram):
    person = telegram.customer()
    fields = {"chat_id": person}
    empty = upload(telegram, "sendDocument", fields, {"document": ("a", b"")})
    assert empty["description"] == "Bad Request: file must be non-empty"
    photo = upload(telegram, "sendPhoto", fields, {"photo": ("a.png", bytes(10 * 2**20 + 1))})
    assert "is too big for a photo" in photo["description"]
    large = upload(telegram, "sendDocument", fields, {"document": ("a", bytes(20 * 2**20 + 1))})
    file_id = large["result"]["document"]["file_id"]
    assert telegram.error("getFile", file_id=file_id) == (400, "Bad Request: file is too big")
    huge = upload(telegram, "sendDocument", fields, {"document": ("a", bytes(50 * 2**20 + 1))})
    assert (huge["error_code"], huge["description"]) == (413, "Request Entity Too Large")


def test_it_refuses_captions_of_more_than_1024_units(telegram):
    person = telegram.customer()
    files = {"photo": ("a.png", b"x")}
    answer = upload(telegram, "sendPhoto", {"chat_id": person, "caption": "x" * 1025}, files)
    assert answer["description"] == "Bad Request: message caption is too long"


def test_it_sends_an_album_as_messages_of_one_group(telegram):
    person = telegram.customer()
    media = [
        {"type": "photo", "media": "attach://one", "caption": "<b>c</b>", "parse_mode": "HTML"},
        {"type": "document", "media": "attach://two"},
    ]
    files = {"one": ("1.png", b"1"), "two": ("2.txt", b"2")}
    fields = {"chat_id": person, "media": json.dumps(media)}
    sent = upload(telegram, "sendMediaGroup", fields, files)["result"]
    assert len({message["media_group_id"] for message in sent}) == 1
    assert (sent[0]["caption"], sent[0]["caption_entities"][0]["type"]) == ("c", "bold")
    entry = telegram.journal(method="sendMediaGroup")[0]
    assert entry["message_ids"] == [message["message_id"] for message in sent]
    assert entry["params"]["one"] == {"file_name": "1.png", "size": 1}


@pytest.mark.parametrize("media", ["[]", "x", '[{"type":"photo"}]', '[{"type":"voice"},1]'])
def test_it_refuses_albums_that_are_none(telegram, media):
    person = telegram.customer()
    assert telegram.error("sendMediaGroup", chat_id=person, media=media)[0] == 400


def test_it_shows_files_to_the_phone_page_as_what_they_are(telegram):
    person = telegram.customer()
    data = base64.b64encode(b"<script>").decode()
    for name, mime, shown in [
        ("a.png", "image/png", "image/png"),
        ("a.html", "text/html", "application/octet-stream"),
    ]:
        telegram.act(
            person, "send", kind="document", data_base64=data, file_name=name, mime_type=mime
        )
        unique = telegram.transcript(person)[-1]["content"]["file_unique_id"]
        answer = telegram.control("GET", f"/files/{unique}")
        assert answer.headers["Content-Type"] == shown
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert telegram.control("GET", "/files/none").status_code == 404
