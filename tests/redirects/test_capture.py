"""What is kept of a visitor's request, and what is not believed."""

import pytest

from redirects import capture

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def visit(query=b"", method="GET", peer="203.0.113.7", proxies=0, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"user-agent": BROWSER} | named
    return capture.visit(method=method, peer=peer, query=query, headers=headers, proxies=proxies)


def test_it_keeps_what_the_address_says_and_the_five_utm_fields_apart():
    seen = visit(b"utm_source=news&utm_campaign=spring&plan=gold&plan=&UTM_TERM=x%20y&utm_id=7")
    assert seen.params == [["plan", "gold"], ["plan", ""], ["utm_id", "7"]]
    assert seen.utm == {"source": "news", "campaign": "spring", "term": "x y"}
    assert not seen.is_cut


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (b"&".join(b"p%d=1" % number for number in range(51)), 50),
        (b"n" * 65 + b"=1", 1),
        (b"n=" + b"v" * 513, 1),
        (b"&".join(b"n%d=" % number + b"v" * 500 for number in range(9)), 8),
        (b"a=1&b=" + b"%F0%9F%98%80" * 2000, 2),
        (b"a=" + b"x" * 1_000_000, 1),
    ],
)
def test_more_than_the_limits_is_cut_and_said_to_be(query, kept):
    seen = visit(query)
    assert (len(seen.params), seen.is_cut) == (kept, True)
    for name, value in seen.params:
        assert len(name) <= 64
        assert len(value) <= 512
    assert sum(len(part.encode()) for pair in seen.params for part in pair) <= 4096


def test_what_cannot_be_kept_is_replaced():
    seen = visit(
        b"a%00=%ff%0d%0aSet-Cookie:x", referer="http://x/\r\ny\x00", accept_language="\ud800"
    )
    assert seen.params == [["a\ufffd", "\ufffd\ufffd\ufffdSet-Cookie:x"]]
    assert seen.referrer == "http://x/\ufffd\ufffdy\ufffd"
    assert seen.language == "\ufffd"


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "ip"),
    [
        ("203.0.113.7", "", 0, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", 0, "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("203.0.113.7", "198.51.100.1", 2, "203.0.113.7"),
        ("203.0.113.7", " , ", 1, "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1:4711", 1, "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("::ffff:203.0.113.7", "", 0, "203.0.113.7"),
        ("fe80::1%eth0", "", 0, "fe80::1"),
        ("10.0.0.1", "<script>", 1, None),
        ("", "", 0, None),
    ],
)
def test_the_address_is_that_which_the_outermost_proxy_of_ours_has_seen(
    peer, forwarded, proxies, ip
):
    assert visit(peer=peer, proxies=proxies, x_forwarded_for=forwarded).ip == ip


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({}, "visit"),
        ({"method": "HEAD"}, "head"),
        ({"sec_purpose": "prefetch;prerender"}, "prefetch"),
        ({"x_moz": "prefetch"}, "prefetch"),
        ({"user_agent": "TelegramBot (like TwitterBot)"}, "robot"),
        ({"user_agent": "facebookexternalhit/1.1"}, "robot"),
        ({"user_agent": "WhatsApp/2.23.20.0 A"}, "robot"),
        ({"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, "robot"),
        ({"user_agent": "curl/8.5.0"}, "robot"),
        ({"user_agent": ""}, "robot"),
        ({"user_agent": "Mozilla/5.0 (Linux; Android 15; CUBOT X70) Chrome/140.0"}, "visit"),
    ],
)
def test_it_tells_people_from_what_only_looks(how, kind):
    assert visit(**how).kind == kind


def test_a_shortened_address_names_a_network():
    assert capture.shortened("203.0.113.7") == "203.0.113.0"
    assert capture.shortened("2001:db8:1:2::3") == "2001:db8:1::"
