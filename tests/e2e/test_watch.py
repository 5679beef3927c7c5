"""The watch over pages sees what must fail a browser test."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

PAGES = {
    "/calm": "<p>calm</p>",
    "/error": "<script>console.error('told')</script>",
    "/exception": "<script>throw new Error('nobody caught this')</script>",
    "/policy": "<button onclick='1'>inline</button>",
    "/broken": "<p>broken</p>",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path in PAGES
        self.send_response(500 if self.path == "/broken" else 200 if known else 204)
        policy = "default-src 'none'" if self.path == "/policy" else "default-src 'unsafe-inline'"
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGES.get(self.path, "").encode() if known else b"")

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_it_finds_nothing_on_a_calm_page(page, site, watch):
    page.goto(f"{site}/calm")
    assert watch.faults == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/error", "console: told"),
        ("/exception", "nobody caught this"),
        ("/policy", "Content Security Policy"),
        ("/broken", "answer 500"),
    ],
)
def test_it_finds(page, site, watch, path, words):
    watch.expect(".*")  # this time the faults are wanted
    page.goto(site + path)
    assert any(words in fault for fault in watch.faults)


def test_what_is_expected_passes_and_nothing_else(watch):
    watch.faults = ["answer 503: http://a/", "console: other"]
    watch.expect("answer 503")
    assert watch.unexpected() == ["console: other"]


def test_pages_are_light_dark_and_narrow(page, dark_page, narrow_page, site):
    for each, dark, width in (
        (page, False, 1440),
        (dark_page, True, 1440),
        (narrow_page, False, 390),
    ):
        each.goto(f"{site}/calm")
        assert each.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is dark
        assert each.evaluate("innerWidth") == width
