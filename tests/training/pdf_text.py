"""Reads a PDF of typst's without a library for PDF: its objects stand plainly in the file, its streams are deflated."""

import re
import zlib

# A string may hold brackets as they are, where each is closed.
INNER = rb"\((?:\\.|[^\\()])*\)"
STRING = rb"\((?:\\.|[^\\()]|" + INNER + rb")*\)"
FONT_OR_TEXT = re.compile(
    rb"/(f\d+) [\d.]+ Tf|\[((?:[-\d. ]|" + STRING + rb")*)\] ?TJ|(" + STRING + rb") ?Tj|(BDC)", re.S
)
ESCAPED = re.compile(rb"\\(\d{3}|.)", re.S)
NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def objects_of(data: bytes) -> dict[int, bytes]:
    """Return the objects of a PDF by number."""
    return {int(found[1]): found[2] for found in re.finditer(rb"(?m)^(\d+) 0 obj\n(.*?)\nendobj", data, re.S)}


def pages_of(data: bytes) -> list[bytes]:
    """Return the page objects of a PDF."""
    return [body for body in objects_of(data).values() if b"/Type/Page/" in body]


def stream_of(body: bytes) -> bytes:
    """Return what the stream of an object holds, inflated."""
    return zlib.decompress(body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0])


def text_of(data: bytes) -> str:
    """Return the text of all pages as it is drawn, by the fonts' own tables of characters."""
    objects = objects_of(data)
    return "\n".join(
        _drawn(
            stream_of(objects[_reference(page, b"Contents")]), _fonts(objects, objects[_reference(page, b"Resources")])
        )
        for page in pages_of(data)
    )


def _fonts(objects: dict[int, bytes], resources: bytes) -> dict[bytes, dict[int, str]]:
    return {
        name: _characters(stream_of(objects[_reference(objects[int(number)], b"ToUnicode")]))
        for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", resources)
    }


def _reference(body: bytes, key: bytes) -> int:
    return int(re.search(rb"/" + key + rb" (\d+) 0 R", body)[1])


def _characters(cmap: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>\n", cmap)
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def _drawn(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    font: dict[int, str] = {}
    words: list[str] = []
    for found in FONT_OR_TEXT.finditer(content):
        if found[1]:
            font = fonts[found[1]]
        elif found[4]:
            words.append(" ")
        else:
            strings = re.findall(STRING, found[2] or found[3], re.S)
            words += [_decoded(ESCAPED.sub(_unescaped, text[1:-1]), font) for text in strings]
    return "".join(words)


def _decoded(codes: bytes, font: dict[int, str]) -> str:
    return "".join(font[int.from_bytes(codes[at : at + 2], "big")] for at in range(0, len(codes), 2))


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    return bytes([int(escape, 8)]) if escape.isdigit() else NAMED.get(escape, escape)
