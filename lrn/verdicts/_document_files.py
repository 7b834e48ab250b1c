"""The sentences of a document from a TOML file; `lrn.verdicts.sentences` shows its layout."""

from __future__ import annotations

import dataclasses
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

from lrn.files import NotRegularError, read_text
from lrn.verdicts._document import Document, OwnStatements, Reading, Sentence, Weight

__all__ = ["read_document", "read_documents"]


def read_documents(path: str | Path) -> list[Document]:
    """Reads a file of sentences, or every TOML file of a folder in the order of their names.

    Raises:
        OSError: a file cannot be read.
        ValueError: the folder is empty, or a file does not hold sentences; the message names the file and the reason.
    """
    folder = Path(path)
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
    if not paths:
        raise ValueError(f"{path} must be a TOML file of sentences, or a folder of such files; got an empty folder")
    documents = list(map(read_document, paths))
    repeated = _first_repeated(map(attrgetter("name"), documents))
    if repeated is not None:
        raise ValueError(f"{path} must hold each document once; got {repeated!r} twice")
    return documents


def read_document(path: str | Path) -> Document:
    """Reads the sentences of one document.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not TOML, or lacks something, or has something unknown; the message says what.
    """
    try:
        data = tomllib.loads(read_text(path))
        return _document(data)
    except (ValueError, TypeError, RecursionError, NotRegularError) as error:
        raise ValueError(f"{path} must be a file of sentences, but: {error}") from error


def _document(data: Mapping[str, Any]) -> Document:
    unknown = set(data) - {"document", "sentence", "ours"}
    if unknown or not isinstance(data.get("document"), dict):
        raise ValueError(f"it must have [document], [[sentence]] and [[ours]]; got {', '.join(data) or 'nothing'}")
    document = _made(Document, data["document"], "document", name=str, title=str, link=str)
    sentences = tuple(_sentence(entry, document.name) for entry in _tables(data, "sentence"))
    repeated = _first_repeated(map(attrgetter("id"), sentences))
    if repeated is not None:
        raise ValueError(f"sentence ids must differ; got {repeated!r} twice")
    ours = tuple(map(_own, _tables(data, "ours")))
    return dataclasses.replace(document, sentences=sentences, ours=ours)


def _first_repeated(names: Iterable[str]) -> str | None:
    """The first name that occurs more than once; None if all differ."""
    for name, times in Counter(names).items():
        if times > 1:
            return name
    return None


def _sentence(entry: Mapping[str, Any], document: str) -> Sentence:
    name = f"sentence {entry.get('id', '?')!r}"
    readings = tuple(_reading(reading, name) for reading in _tables(entry, "readings", name))
    weight = entry.get("weight")
    if weight not in list(Weight):
        raise ValueError(f"weight of {name} must be one of {', '.join(Weight)}; got {weight!r}")
    if ("quote" in entry) == ("paraphrase" in entry):
        both = "both" if "quote" in entry else "neither"
        raise ValueError(f"{name} must have a quote, or a paraphrase where its words could not be read; got {both}")
    own = {"document": document, "weight": Weight(weight), "readings": readings}
    texts = dict.fromkeys({"id", "section", "figure", "note", "title", *({"quote", "paraphrase"} & set(entry))}, str)
    return _made(Sentence, {"quote": "", **entry, **own}, name, fields=dict, **texts)


def _reading(entry: Mapping[str, Any], owner: str) -> Reading:
    return _made(Reading, {**entry, "claims": _names(entry, f"a reading of {owner}")}, owner, words=str, own=bool)


def _own(entry: Mapping[str, Any]) -> OwnStatements:
    return _made(OwnStatements, {**entry, "claims": _names(entry, "[[ours]]")}, "[[ours]]", about=str)


def _names(entry: Mapping[str, Any], owner: str) -> tuple[str, ...]:
    names = entry.get("claims")
    if not names or not _is_list_of(str, names) or not all(names):
        raise ValueError(f"claims of {owner} must be a list of names of claims; got {names!r}")
    return tuple(names)


def _tables(data: Mapping[str, Any], key: str, owner: str = "the file") -> list[Mapping[str, Any]]:
    entries = data.get(key, [])
    if not _is_list_of(dict, entries):
        raise ValueError(f"{key} of {owner} must be a list of tables; got {entries!r}")
    return entries


def _is_list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _made(kind: type[Any], entry: Mapping[str, Any], owner: str, **types: type) -> Any:
    for name, type_ in types.items():
        value = entry.get(name)
        if name in entry and (not isinstance(value, type_) or (type_ is str and not str(value).strip())):
            raise ValueError(f"{name} of {owner} must be {type_.__name__}, and not empty; got {value!r}")
    try:
        return kind(**entry)
    except TypeError as error:
        raise ValueError(f"{owner}: {str(error).partition(' ')[2]}") from None
