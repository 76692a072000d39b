"""All user-visible texts: one gettext catalogue per language, in `locales/`.

Pages look texts up by key (`videos.title`), because many belong to words of the API; error messages by their English
text, which failed jobs store in the database. Three contexts are separate: `page` (wording of error messages on pages),
`operation` (Chinese names of operations) and `streamlit` (Streamlit's own texts).
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
    """Mark an English text for extraction; it is translated where it is used."""
    return text


def both(text: str) -> str:
    """Return a text in Chinese and English, for readers of either."""
    return f"{translations('zh').gettext(text)} {text}"


@cache
def catalog(language: str) -> Catalog:
    """Return the parsed catalogue of a language, with contexts and plural forms."""
    from babel.messages.pofile import read_po

    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def texts_in(context: str, language: str) -> dict[str, str]:
    """Return the translated texts of a context, by their English."""
    return {str(one.id): str(one.string) for one in catalog(language) if one.context == context and one.string}


@cache
def translations(language: str) -> GNUTranslations:
    """Return the translations of a language, English for unsupported ones."""
    if language not in LANGUAGES:
        return translations("en")
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, catalog(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
