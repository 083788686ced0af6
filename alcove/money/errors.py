"""Why a question about money is refused.

Refusal  ├── UnknownItem 404    ├── UnknownCategory 422    ├── LinkImpossible 422
"""

from __future__ import annotations

from alcove.base.errors import NotFound, Unprocessable


class UnknownItem(NotFound):
    """No operation, bill or link has this id: it may have been deleted; list them again."""

    def __init__(self, ident: str) -> None:
        super().__init__(f"No operation, bill or link has the id {ident[:80]}")


class UnknownCategory(Unprocessable):
    """The category is not one of the tree: `GET /money/categories` lists them."""

    def __init__(self, category: str) -> None:
        super().__init__(f"{category[:40]} is not a category", pointer="/data/attributes/category")


class LinkImpossible(Unprocessable):
    """A bill and these operations cannot be linked; the detail says why."""
