"""Tables and quotations are read as printed, and torn ones refused."""

from __future__ import annotations

import os

import pytest

from lrn.audit.documents import index_table, read_quotes, read_table

QUOTES = """
[[quotation]]
id = "a"
section = "§1"
figure = "4.3"
quote = "six out of the ten"
fields = { depth = "10" }

[[quotation]]
id = "b"
section = "§2"
quote = "none could converge"
"""


@pytest.fixture
def quotes(tmp_path):
    path = tmp_path / "quotes.toml"
    path.write_text(QUOTES, encoding="utf-8")
    return path


def test_table_keeps_the_printed_text(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("depth,mean\n2,0.40\n5,\n")
    assert read_table(path, ["mean"]) == [{"depth": "2", "mean": "0.40"}, {"depth": "5", "mean": ""}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth\n2\n", "has no column mean; it has depth"),
        ("", "has no column mean"),
        ("depth,mean\n2\n", "row 1 has 1 cells, the heading 2"),
        ("depth,mean\n2,1\n5,1,1\n", "row 2 has 3 cells"),
    ],
)
def test_torn_tables_are_refused(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_table(path, ["mean"])


def test_rows_are_found_by_what_they_describe():
    rows = [{"depth": "2", "style": "batch", "k": "4"}, {"depth": "5", "style": "batch", "k": "0"}]
    assert index_table(rows, "depth", "style")["5", "batch"]["k"] == "0"
    with pytest.raises(ValueError, match="two rows have style = batch"):
        index_table(rows, "style")


def test_quotations_give_words_and_places(quotes):
    quotations = read_quotes(quotes)
    assert quotations["a"].fields == {"depth": "10"}
    assert quotations.words("a", "b") == "six out of the ten / none could converge"
    assert quotations.source("thesis", "a", "b", "b") == "thesis §1, Figure 4.3; thesis §2"


def test_unknown_quotation_is_named(quotes):
    with pytest.raises(KeyError, match="no quotation 'c'; there are a, b"):
        read_quotes(quotes).words("c")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('id = "a"\nsection = "§3"\nquote = "again"', "the id 'a' stands twice"),
        ('id = "c"\nsection = "§3"', "quotation 'c'.*quote"),
        ('id = "c"\nsection = "§3"\nquote = "x"\npage = 3', "quotation 'c'.*page"),
    ],
)
def test_bad_quotations_are_refused(quotes, entry, message):
    quotes.write_text(f"{QUOTES}\n[[quotation]]\n{entry}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_quotes(quotes)


@pytest.mark.parametrize("read", [read_quotes, read_table])
def test_pipes_are_not_read(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match=r"pipe must be .*: it is not a file but a named pipe"):
        read(tmp_path / "pipe")


def test_quotations_nested_without_end_are_refused(tmp_path):
    (tmp_path / "deep.toml").write_text("a = " + "[" * 100_000)
    with pytest.raises(ValueError, match="must be TOML in UTF-8"):
        read_quotes(tmp_path / "deep.toml")
