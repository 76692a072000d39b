"""All user-visible texts: one gettext catalogue per language, in `locales/`.

Pages look texts up by key (`videos.title`), because many belong to words of the API; error messages by their English
text, which failed jobs store in the database. Three contexts are separate: `page` (wording of error messages on pages),
`operation` (Chinese names of operations) and `streamlit` (Streamlit's own texts).
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from gettext import c2py
from itertools import chain
from pathlib import Path

DOMAIN = "console"
LOCALES = Path(__file__).parent / "locales"
LANGUAGES = {"zh": "中文", "en": "English"}


class Translations:
    """The texts of one language.

    `texts` are by context, empty for most, and by what they are looked up by; those that are counted have a plural form
    for each number that `plural_of` returns.
    """

    def __init__(self, path: Path) -> None:
        """Read a catalogue as pybabel writes it; Babel's own reader takes twice the time and three times the memory."""
        self.texts: dict[str, dict[str, list[str]]] = defaultdict(dict)
        entry: dict[str, str] = {}
        field = ""
        with path.open(encoding="utf-8") as file:
            for line in chain(file, ["\n"]):
                if line.startswith('"'):
                    entry[field] += json.loads(line)  # the escapes are JSON's
                elif line == "\n" and entry:
                    forms = [text for name, text in entry.items() if name.startswith("msgstr")]
                    self.texts[entry.get("msgctxt", "")][entry["msgid"]] = forms
                    entry = {}
                elif line != "\n" and not line.startswith("#"):
                    field, _, text = line.partition(" ")
                    entry[field] = json.loads(text)
        header = self.texts[""].pop("")[0]
        self.plural_of = c2py(header.partition("plural=")[2].partition(";")[0])

    def gettext(self, text: str) -> str:
        """Return the translation of a text, or the text if it has none."""
        return self.pgettext("", text)

    def pgettext(self, context: str, text: str) -> str:
        """Return the translation of a text in a context, or the text if it has none."""
        return self._form(context, text, 1) or text

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return the translation for a number of things, or one of the texts if there is none."""
        return self._form("", one, count) or (one if count == 1 else many)

    def _form(self, context: str, text: str, count: int) -> str:
        forms = self.texts[context].get(text, ("",))
        return forms[self.plural_of(count) if len(forms) > 1 else 0]


def N_(text: str) -> str:
    """Mark an English text for extraction; it is translated where it is used."""
    return text


def both(text: str) -> str:
    """Return a text in Chinese and English, for readers of either."""
    return f"{translations('zh').gettext(text)} {text}"


def texts_in(context: str, language: str) -> dict[str, str]:
    """Return the translated texts of a context, by their English."""
    return {text: forms[0] for text, forms in translations(language).texts[context].items() if forms[0]}


@cache
def translations(language: str) -> Translations:
    """Return the translations of a language, English for unsupported ones."""
    if language not in LANGUAGES:
        return translations("en")
    return Translations(catalogue_of(language))


def catalogue_of(language: str) -> Path:
    """Return the file of a language."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
