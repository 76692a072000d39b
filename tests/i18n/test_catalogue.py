"""The catalogues hold every text in every language, each filled in with the same, and nothing that nobody asks for."""

from __future__ import annotations

import re
from gettext import c2py
from string import Formatter

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from backend.i18n import LANGUAGES, LOCALES, texts_in, translations
from backend.i18n.extraction import KEY, catalog
from backend.model import CensorStatus, JobKind, JobState, SnapshotStatus, TranscodeStatus, VideoStatus, WarmState
from pages.components.i18n import text
from pages.components.video_actions import ACTIONS, AT_ONCE
from tests.paths import ROOT

each_language = pytest.mark.parametrize("language", LANGUAGES)


def forms(message, of="string"):
    """Return the forms of a message: its texts, or with `of="id"` what it is looked up by."""
    found = getattr(message, of)
    return list(found) if isinstance(found, tuple | list) else [found]


def messages(language):
    """Return the messages of a language by their context and what they are looked up by."""
    return {(one.context, forms(one, "id")[0]): one for one in catalog(language) if one.id}


def is_key(message):
    return message.context is None and KEY.fullmatch(forms(message, "id")[0])


def said(message):
    """Return the texts of a message; one that is not translated says what it is looked up by."""
    return [text or asked for text, asked in zip(forms(message), forms(message, "id") * 9, strict=False)]


def places(text):
    return {name.partition("!")[0] for _, name, _, _ in Formatter().parse(text) if name}


@pytest.fixture(scope="module")
def asked_for(tmp_path_factory):
    """What pybabel finds in the code."""
    found = tmp_path_factory.mktemp("texts") / "console.pot"
    command = ["pybabel", "-q", "extract", "-F", str(ROOT / "pyproject.toml"), "-o", str(found), str(ROOT)]
    CommandLineInterface().run(command)
    with found.open("rb") as file:
        return {(one.context, forms(one, "id")[0]): one for one in read_po(file) if one.id}


def test_there_is_a_catalogue_of_every_language_and_no_other():
    assert {path.parents[1].name for path in LOCALES.rglob("*.po")} == set(LANGUAGES)


@each_language
def test_every_text_that_is_asked_for_is_there_and_no_other(language, asked_for):
    found = messages(language)

    assert len(asked_for) > 1000
    assert sorted(asked_for.keys() - found.keys(), key=str) == []
    assert sorted(found.keys() - asked_for.keys(), key=str) == []
    assert [key for key, one in found.items() if one.pluralizable != asked_for[key].pluralizable] == []
    assert catalog(language).obsolete == {}


@each_language
def test_every_text_is_translated(language):
    """English stands for itself, but for keys."""
    empty = [key for key, one in messages(language).items() if not all(text.strip() for text in forms(one))]

    assert [key for key in empty if language != "en" or is_key(messages("en")[key])] == []
    assert [key for key, one in messages(language).items() if one.fuzzy] == []


@each_language
def test_the_console_reads_what_babel_reads(language):
    found = translations(language)
    read = {(context, key): forms for context, texts in found.texts.items() for key, forms in texts.items()}
    plural_of = c2py(catalog(language).plural_expr)

    assert read == {(context or "", key): forms(one) for (context, key), one in messages(language).items()}
    assert [found.plural_of(count) for count in range(200)] == [plural_of(count) for count in range(200)]


def test_a_text_is_filled_in_with_the_same_in_every_language():
    """A message of an error is filled in with what its English names, a text of the pages with what all others name."""
    english = messages("en")
    for language in LANGUAGES:
        for key, one in messages(language).items():
            expected = places(said(english[key])[-1])
            if key[0] == "page":
                assert expected <= places(key[1]) - {"video_id", "job_id", "status"}, key
            assert places(said(one)[-1]) == expected, (language, key)


@each_language
def test_what_is_counted_has_the_plural_forms_of_its_language(language):
    for key, one in messages(language).items():
        texts = forms(one)
        assert len(texts) == (catalog(language).num_plurals if one.pluralizable else 1), key
        assert all(places(text) <= places(texts[-1]) for text in texts), key
        if is_key(one) and "count" in places(texts[-1]):
            assert one.pluralizable, key


@pytest.mark.parametrize(
    ("language", "count", "told"),
    [
        ("en", 1, "1 video approved"),
        ("en", 12, "12 videos approved"),
        ("en", 1200, "1,200 videos approved"),
        ("zh", 1, "已通过 1 个视频"),
        ("zh", 1200, "已通过 1,200 个视频"),
    ],
)
def test_a_count_chooses_the_form(language, count, told):
    assert text(language, "done.approve", count=count) == told


def test_no_english_text_counts_one_thing_as_several():
    counted = re.compile(r"\{(count|days|seconds)\} (?!s\b|min\b|more\b|per\b|selected\b|columns\b)[a-z]*s\b")
    keys = [(key, one) for key, one in messages("en").items() if is_key(one)]

    assert [key for key, one in keys if counted.search(forms(one)[0])] == []


def test_chinese_is_set_as_chinese():
    """Blanks between Han and Latin, full-width punctuation, “quotes”; two names are those of the API document."""
    han, latin = "[一-鿿]", "[A-Za-z0-9%]"
    wrong = re.compile(
        f'{han}{latin}|{latin}{han}|{han} ?[,.;:!?()]|[,;:!?()] ?{han}|{han} {han}|[，。；：、！？] |["「」《》]'
    )
    texts = [(key, re.sub("{.*?}", "—", forms(one)[0])) for key, one in messages("zh").items()]

    found = [key for key, text in texts if wrong.search(text)]

    assert found == [("operation", "getRecommendVideoById"), ("operation", "getVideoById")]


def test_what_streamlit_says_is_translated_whole():
    assert len(texts_in("streamlit", "zh")) > 100
    assert texts_in("streamlit", "zh")["Page not found"] == "页面不存在"
    assert texts_in("streamlit", "en").keys() < texts_in("streamlit", "zh").keys()


def test_every_status_and_every_kind_of_job_has_a_name():
    words = [*VideoStatus, *TranscodeStatus, *SnapshotStatus, *JobState, *WarmState]
    names = [f"status.{word or 'none'}" for word in words]
    names += [f"censor.{word}" for word in CensorStatus] + [f"job.{word}" for word in JobKind]

    assert [name for name in names if (None, name) not in messages("en")] == []


@pytest.mark.parametrize("group", ["action", "confirm", "confirm_one", "follows", "done"])
def test_every_action_is_named_asked_explained_and_reported(group):
    named = [key for key in ACTIONS if key not in AT_ONCE or group in ("action", "done")]
    assert [key for key in named if (None, f"{group}.{key}") not in messages("en")] == []


def test_a_language_that_the_console_does_not_speak_is_english():
    assert translations("fr") is translations("en")
