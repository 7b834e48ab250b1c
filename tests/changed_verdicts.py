"""Suites of verdicts that differ a little from others."""

from __future__ import annotations

import dataclasses


def change_each(suite, change):
    """Returns the suite with each verdict passed through `change`."""
    return dataclasses.replace(suite, claims=tuple(map(change, suite.claims)))


def change_claim(suite, id, **fields):
    """Returns the suite with other fields in the verdicts of one claim."""

    def changed(verdict):
        return dataclasses.replace(verdict, **fields) if verdict.id == id else verdict

    return change_each(suite, changed)


def change_quantities(suite, change):
    """Returns the suite with each measured quantity, and each term of one, passed through `change`."""

    def changed(quantity):
        return change(dataclasses.replace(quantity, terms=tuple(map(changed, quantity.terms))))

    def with_changed(verdict):
        return dataclasses.replace(verdict, estimates=tuple(map(changed, verdict.estimates)))

    return change_each(suite, with_changed)
