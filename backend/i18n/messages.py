"""Translation of error messages, whose English text is the template at the place that raises them."""

from __future__ import annotations

from collections.abc import Mapping

from backend.errors import ConsoleError
from backend.i18n import Translations, translations

# Placeholders with words of the API as values, and the key groups of their names.
GROUPS = {"role": "role", "right": "right", "state": "status", "verdict": "verdict"}
PARAMETER = "{name} "  # begins what is said of a parameter, whose name in the API is the value
# Failed jobs store their template; these templates have been reworded since.
FORMER = {
    "Alibaba Cloud does not accept this console's credentials for {action}; whoever runs the console should check the "
    "access key (code {cloud_code}, request {request_id}).": (
        "Alibaba Cloud does not accept this console's credentials for {action}; the operator should check the access "
        "key (code {cloud_code}, request {request_id})."
    ),
    "This console's RAM user may not do {action}; whoever runs the console should add it to the RAM policy "
    "(code {cloud_code}, request {request_id}).": (
        "This console's RAM user may not do {action}; the operator should add it to the RAM policy "
        "(code {cloud_code}, request {request_id})."
    ),
    "Today's prewarming quota is used up; it is renewed at midnight, Beijing time "
    "(code {cloud_code}, request {request_id}).": (
        "Today's quota of {action} is used up; it is renewed at midnight, Beijing time "
        "(code {cloud_code}, request {request_id})."
    ),
    "The video cannot be decoded: the file is damaged or of a rare kind. Convert it to MP4 and send it again.": (
        "The video cannot be decoded: the file is damaged or its format is not supported. Convert it to MP4 and send "
        "it again."
    ),
    "No picture came of the video; the file need not be at fault. The job keeps what ffmpeg said.": (
        "No pictures could be taken from the video, though the file may be fine. See the technical details."
    ),
    "ffmpeg could not encode the video; the file need not be at fault. The job keeps what ffmpeg said.": (
        "ffmpeg could not encode the video, though the file may be fine. See the technical details."
    ),
    "ffmpeg got no further for {seconds} seconds and was stopped. Try again, or convert the file to MP4 first.": (
        "ffmpeg made no progress for {seconds} seconds and was stopped. Try again, or convert the file to MP4 first."
    ),
    "The video is in the codec {codec}, which cannot be decoded here. Convert it to MP4 and send it again.": (
        "The video uses the codec {codec}, which cannot be decoded here. Convert it to MP4 and send it again."
    ),
    "The worker died {count} times while at it. Look into the server's log (often memory is short), then try again.": (
        "The worker crashed {count} times while running this job. Check the server's log (often memory is short), "
        "then retry."
    ),
    "The console itself failed at this job.": (
        "The job failed because of an internal error. The server's log has the details."
    ),
    "The disk refused: {why}.": "The disk could not be written: {why}.",
    "The disk is full. Make room and try again.": "The disk is full. Free some space and try again.",
    "{bad} of {count} addresses could not be fetched; the batch says why.": (
        "{bad} of {count} addresses could not be fetched. The list below says why."
    ),
}


def say(error: ConsoleError, language: str, *, plainly: bool = False) -> str:
    """Return an error's message in `language`.

    `plainly` selects the wording for pages, without ids and API terms, because the video is visible there. Otherwise
    roles, permissions, states and verdicts keep their API names in English.
    """
    template = FORMER.get(error.template, error.template)
    texts = translations(language)
    text = texts.pgettext("page", template) if plainly else template
    if text == template:
        text = texts.gettext(template)
    if texts is translations("en") and not plainly:
        return error.say(text)
    is_parameter = plainly and template.startswith(PARAMETER) and text != texts.gettext(template)
    return error.say(text, _named(error, texts, GROUPS | {"name": "field"} if is_parameter else GROUPS))


def _named(error: ConsoleError, texts: Translations, groups: Mapping[str, str]) -> dict[str, str]:
    """Return the display names of values that have one."""
    keys = {value: f"{groups[value]}.{word}" for value, word in error.values.items() if value in groups}
    return {value: name for value, key in keys.items() if (name := texts.gettext(key)) != key}
