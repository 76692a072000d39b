"""Every text that people are shown: one gettext catalogue per language, in `locales/`.

Pages look up their texts by a key (`videos.title`), since many are named by a word of the API. Messages of errors are
looked up by their English, which failed jobs keep in the database. Three contexts are apart: `page` holds what such a
message says to somebody at a page, `operation` what operations are called in Chinese, `streamlit` what Streamlit says.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

DOMAIN = "console"
LOCALES = Path(__file__).parent / "locales"
LANGUAGES = {"zh": "中文", "en": "English"}


def N_(text: str) -> str:
    """Mark an English text to be translated where it is used."""
    return text


def both(text: str) -> str:
    """Return a text in Chinese and English, for what is made for readers of either."""
    return f"{translations('zh').gettext(text)} {text}"


@cache
def catalog(language: str) -> Catalog:
    """Return a language's catalogue as it was written, with context and plural forms of each message."""
    from babel.messages.pofile import read_po

    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def texts_in(context: str, language: str) -> dict[str, str]:
    """Return every text of a context by its English; those that are to stay as they are, are not among them."""
    return {str(one.id): str(one.string) for one in catalog(language) if one.context == context and one.string}


@cache
def translations(language: str) -> GNUTranslations:
    """Return the texts of a language, in English for one that the console does not speak."""
    if language not in LANGUAGES:
        return translations("en")
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, catalog(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
