"""The summary as a PDF: real text, tagged, with all it needs inside."""

import re
from dataclasses import fields, is_dataclass

import msgspec
import pytest

from model.bundle import Bundle
from tests import builders
from tests.training.pdf_text import objects_of, pages_of, text_of
from training.figures import displayable
from training.summary import Picture, summary_of
from training.summary_pdf import summary_pdf


@pytest.fixture(scope="module")
def pdf(shipped):
    """The PDF of the shipped bundle."""
    return summary_pdf(shipped)


@pytest.fixture(scope="module")
def of_rows(tmp_path_factory):
    """A bundle of rows that are not about a market."""
    return builders.table_bundle(tmp_path_factory.mktemp("rows"))


def words_of(said):
    """Every text of a summary; of a picture the caption, as its other words are not drawn."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, Picture):
        yield said.caption
    elif isinstance(said, tuple):
        for part in said:
            yield from words_of(part)
    elif is_dataclass(said):
        for field in fields(said):
            yield from words_of(getattr(said, field.name))


def squeezed(text):
    """Drop all that may differ between a text and the same text in lines: spaces, and places to break a word."""
    return re.sub(r"[\s\u200b]", "", text)


def test_every_word_of_the_summary_can_be_read_from_it(shipped, pdf):
    drawn = squeezed(text_of(pdf))

    assert [said for said in words_of(summary_of(shipped)) if squeezed(said) not in drawn] == []


def test_it_has_a_title_a_language_and_tags_and_is_made_to_the_standard_of_accessible_pdf(pdf):
    (catalogue,) = (body for body in objects_of(pdf).values() if b"/Type/Catalog" in body)
    metadata = re.search(rb"<x:xmpmeta.*</x:xmpmeta>", pdf, re.S)[0].decode()

    assert b"/Lang(en)" in catalogue
    assert b"/Marked true" in catalogue
    assert b"/StructTreeRoot" in catalogue
    assert b"/DisplayDocTitle true" in catalogue
    assert "No distinguishable skill: do not act on the calls of “upmove”</rdf:li>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


def test_it_states_the_date_of_the_bundle_and_no_other(shipped, pdf):
    metadata = re.search(rb"<x:xmpmeta.*</x:xmpmeta>", pdf, re.S)[0].decode()
    dates = re.findall(r"<xmp:\w+Date>(.*?)</", metadata)

    assert dates
    assert {date[:19] for date in dates} == {shipped.manifest.created[:19]}


def test_both_figures_have_words_for_who_cannot_see_them_and_are_not_pixels(shipped, pdf):
    texts = [
        bytes.fromhex(found.decode()).decode("utf-16")
        for found in re.findall(rb"/S/Figure[^>]*?/Alt<([0-9A-F]+)>", pdf)
    ]
    pictures = [block for section in summary_of(shipped).sections for block in section.blocks]

    assert texts == [block.alternative for block in pictures if isinstance(block, Picture)]
    assert b"/Subtype/Image" not in pdf


def test_every_font_is_inside_and_none_is_of_the_machine(pdf):
    fonts = [body for body in objects_of(pdf).values() if b"/Type/FontDescriptor" in body]

    assert fonts
    assert all(re.search(rb"/FontName/[A-Z]{6}\+(LibertinusSerif|DejaVuSans)", body) for body in fonts)
    assert all(re.search(rb"/FontFile[23] \d+ 0 R", body) for body in fonts)


def test_it_is_two_pages_of_a4(pdf):
    boxes = [re.search(rb"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", page).groups() for page in pages_of(pdf)]

    assert [(round(float(width)), round(float(height))) for width, height in boxes] == [(595, 842)] * 2


def test_two_builds_are_the_same_to_the_byte(of_rows, monkeypatch):
    first = summary_pdf(of_rows)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    monkeypatch.setenv("TZ", "Asia/Tokyo")

    assert summary_pdf(of_rows) == first


def test_labels_that_are_long_or_look_like_markup_are_words_on_two_pages(of_rows):
    label = '#yes $x$ *[b]* @a "q" `r` // ' + "very_long_label_without_a_space_" * 3 + " 中文"
    target = msgspec.structs.replace(of_rows.manifest.target, positive_class=label, question="#panic()? " * 12)
    bundle = Bundle(
        of_rows.directory, msgspec.structs.replace(of_rows.manifest, target=target, name="a#b\\" + "n" * 90)
    )

    pdf = summary_pdf(bundle)

    drawn = squeezed(text_of(pdf))
    assert len(pages_of(pdf)) == 2
    assert [said for said in words_of(summary_of(bundle)) if squeezed(displayable(said)) not in drawn] == []
