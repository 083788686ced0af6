"""Every sentence of the connectors that come with Alcove is there in French, and comes out in the person's language."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest
from alcove_connectors.bankfiles.french import FRENCH as BANK
from alcove_connectors.invoices.french import FRENCH as INVOICES
from alcove_connectors.sdk import language
from alcove_connectors.sdk.context import print_line
from alcove_connectors.sdk.french import FRENCH as KIT
from alcove_connectors.sdk.language import in_words, translate
from alcove_connectors.sorter.french import FRENCH as SORTER

ROOT = Path(__file__).parents[2]
SAID_BY = {"reason", "append", "result"}
TRANSLATED = {"sorter": KIT | SORTER, "bankfiles": KIT | BANK, "invoices": KIT | INVOICES}


@pytest.fixture(autouse=True)
def nothing_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test gives, whatever other tests of this process have loaded."""
    monkeypatch.setattr(language, "_plain", {})
    monkeypatch.setattr(language, "_patterns", {})


def sentence(node: ast.AST) -> str:
    """The text of a literal, with `{}` for what is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def raised(folder: str) -> set[str]:
    """What a connector gives as a reason: the sentences of its refusals, and of what it leaves out."""
    found: set[str] = set()
    for file in sorted((ROOT / folder).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name[:1].isupper() or name in SAID_BY:
                arguments = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "reason")]
                found |= {text for text in map(sentence, arguments) if text[:1].isupper() and text.endswith(".")}
    return found


@pytest.mark.parametrize("folder", ["sorter", "bankfiles", "invoices"])
def test_each_reason_is_there_in_french(folder: str) -> None:
    translate("fr", TRANSLATED[folder])
    samples = {text: text.replace("{}", "7") for text in raised(folder)}
    assert len(samples) >= 8
    assert [text for text, said in samples.items() if in_words(said, "fr") == said] == []


@pytest.mark.parametrize("table", TRANSLATED.values())
def test_a_translation_has_a_place_for_everything(table: dict[str, str]) -> None:
    assert [text for text, french in table.items() if text.count("{}") != french.count("{}")] == []


def test_what_stands_in_a_sentence_is_looked_up_too() -> None:
    translate("fr", BANK)
    said = in_words("None of the lines of this file can be read. Entry 3 was left out: 'x' is not an amount.", "fr")
    assert (
        said
        == "Aucune ligne de ce fichier n’est lisible. L’écriture 3 a été laissée de côté : 'x' n’est pas un montant."
    )


def test_lists_of_words_are_looked_up_word_by_word() -> None:
    translate("fr", INVOICES)
    said = "The document looks like an invoice, but is not sure enough to be one (date, total)."
    assert in_words(said, "fr").endswith("(la date, le total).")


def test_a_line_is_told_in_the_language_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    translate("fr", INVOICES)
    for locale, reason in (("fr", "Le PDF n’a aucune page."), ("en", "The PDF has no page.")):
        monkeypatch.setenv("COZY_LOCALE", locale)
        out = io.StringIO()
        print_line({"type": "result", "input": "1", "reason": "The PDF has no page."}, out)
        assert json.loads(out.getvalue())["reason"] == reason


def test_what_nobody_translated_stays_as_it_is() -> None:
    assert in_words("Something else {", "fr") == "Something else {"
    assert in_words("", "fr") == ""
