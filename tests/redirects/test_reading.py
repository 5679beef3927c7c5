"""Browser and country, read after the visitor has gone on."""

import pytest

from core import clock
from redirects import reading
from redirects.actions import clicks
from redirects.capture import Visit
from redirects.models import Click, Link
from redirects.reading import Reading

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize(
    ("user_agent", "ip", "found"),
    [
        (IPHONE, "8.8.8.8", Reading("Mobile Safari 17", "iOS 17.0", "Apple iPhone", "US")),
        (FIREFOX, "2001:4860:4860::8888", Reading("Firefox 140", "Linux", "", "US")),
        (FIREFOX, "10.0.0.1", Reading("Firefox 140", "Linux")),
        (FIREFOX, None, Reading("Firefox 140", "Linux")),
        ("", None, Reading()),
        ("\ufffd<script>", "::", Reading()),
    ],
)
def test_it_says_what_can_be_told_and_no_more(user_agent, ip, found):
    assert reading.read(user_agent, ip) == found


def test_what_is_hostile_is_read_quickly_and_fits():
    for hostile in ("A" * 512, "Mozilla/5.0 (" * 40, "Chrome/" + "9" * 500, "(;" * 256):
        said = reading.read(hostile, None)
        assert max(map(len, (said.browser, said.system, said.device))) <= reading.LENGTH


@pytest.mark.django_db
def test_clicks_are_read_once_in_batches(link):
    stored = [
        clicks.NewClick(
            link_id=link.pk,
            at=clock.now(),
            visit=Visit(user_agent=IPHONE, ip="8.8.8.8"),
            state=state,
        )
        for state in (Link.State.ACTIVE, Link.State.PAUSED, Link.State.ACTIVE)
    ]
    clicks.store(stored)
    assert [clicks.read_some(2) for _ in range(3)] == [2, 1, 0]
    for click in Click.objects.all():
        assert (click.browser, click.system, click.country) == (
            "Mobile Safari 17",
            "iOS 17.0",
            "US",
        )
