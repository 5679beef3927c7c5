"""Tables as CSV: what a spreadsheet opens holds no formulas and all characters."""

import csv
import io

import pytest

from core import sheets


def read(head, rows):
    text = "".join(sheets.pieces(head, rows))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_what_looks_like_a_formula_is_text(first):
    evil = f'{first}HYPERLINK("https://x.example","a, b")'
    assert read(["name"], [[evil, 1]]) == [["name"], [f"'{evil}", "1"]]


def test_a_heading_is_no_formula_either():
    assert read(["=1+1"], []) == [["'=1+1"]]


def test_texts_and_figures_stay_what_they_are():
    row = ["站点海报, «весна»", 'a "b"', "two\nlines", -3, 0, ""]
    assert read(["x"], [row])[1] == [row[0], row[1], row[2], "-3", "0", ""]


def test_it_is_made_piece_by_piece():
    taken = []

    def rows():
        for number in range(10_000):
            taken.append(number)
            yield [number]

    text = sheets.pieces(["n"], rows())
    next(text)
    assert len(taken) < 1000
    assert "".join(text).count("\n") == 9_501


def test_it_is_a_file_to_be_saved(rf):
    answer = sheets.download(rf.get("/"), "links", ["n"], [[1]])
    assert b"".join(answer).decode() == "\ufeffn\r\n1\r\n"
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="links.csv"'


async def test_a_server_with_an_event_loop_sends_it_piece_by_piece(async_rf):
    answer = sheets.download(async_rf.get("/"), "links", ["n"], ([n] for n in range(600)))
    pieces = [piece async for piece in answer]
    assert len(pieces) == 2
    assert b"".join(pieces).decode().count("\n") == 601
