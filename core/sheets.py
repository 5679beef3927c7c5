"""Tables as CSV files that a spreadsheet opens without harm: UTF-8 with its mark, sent row by row."""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from core import aio

BOM = "\ufeff"
# What a spreadsheet takes for a formula, and what it passes over before it looks for one.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ROWS = 500  # in a piece

Row = Iterable[object]


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def cell(value: object) -> object:
    """A text that begins like a formula is shown as text: an apostrophe stands before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def pieces(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Line())
    lines = [BOM + writer.writerow([cell(value) for value in head])]
    for row in rows:
        lines.append(writer.writerow([cell(value) for value in row]))
        if len(lines) == ROWS:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def download(
    request: HttpRequest, name: str, head: Row, rows: Iterable[Row]
) -> StreamingHttpResponse:
    """`name`: of the file, without its ending; letters, digits and dashes."""
    text = pieces(head, rows)
    content = _outside(text) if isinstance(request, ASGIRequest) else text
    answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


async def _outside(text: Iterator[str]) -> AsyncIterator[str]:
    """An event loop takes piece by piece, and another thread makes them."""
    while piece := await aio.in_db(next, text, ""):
        yield piece
