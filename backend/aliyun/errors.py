"""Alibaba's error codes: their meaning and whether to retry."""

from __future__ import annotations

from dataclasses import dataclass

from backend.errors import CloudError

# Compared ignoring case: Alibaba's documentation spells some in two ways.
THROTTLED = ("throttling", "throttling.user", "throttling.api")
UNSURE = ("serviceunavailable", "internalerror")  # it may have been executed
NOT_DONE = ("deletevideofailed", "servicebusy", "preloadqueuefull", "signaturenonceused")
EXPIRED = (
    "invalidsecuritytoken.expired",
    "invalidsecuritytoken.malformed",
    "invalidsecuritytoken.mismatchwithaccesskey",
)

# No credentials on this machine; jobs wait, since their source may be temporarily unavailable
NO_CREDENTIALS = ("invalidcredentials",)

GONE = ("invalidvideo.notfound", "invalidmedia.notfound")
NO_RIGHTS = ("forbidden", "forbidden.ram", "nopermission")
NO_SERVICE = ("operationdenied", "operationdenied.suspended")
WRONG_STATE = ("forbidden.illegalstatus",)
NO_STREAM = ("invalidvideo.nonestream",)
NO_SUCH_TASK = ("nosuchresource", "invalidjob.notfound")
NO_CATEGORY = ("invalidcateid.notfound",)
NO_QUOTA = ("quotaexceeded.preload", "quotaexceeded.refresh", "quotaexceeded")

WRONG_KEY = (
    *EXPIRED, "invalidaccesskeyid.notfound", "invalidaccesskeyid.inactive", "signaturedoesnotmatch",
    "incompletesignature",
)  # fmt: skip
WRONG_CLOCK = ("invalidtimestamp.expired",)
# Errors independent of the request's content, so splitting a batch does not help.
ACCOUNT_ERRORS = (*WRONG_KEY, *NO_CREDENTIALS, *NO_RIGHTS, *NO_SERVICE, *WRONG_CLOCK)

REFUSED = CloudError("Alibaba Cloud refused {action}: {words} (code {cloud_code}, request {request_id}).")
NO_ANSWER = CloudError("Alibaba Cloud did not answer {action} in time ({words}); try again in a minute.")
_BUSY = CloudError(
    "Alibaba Cloud is busy and did not accept {action}; try again in a minute "
    "(code {cloud_code}, request {request_id})."
)
_UNSURE = CloudError(
    "Alibaba Cloud failed at {action}; try again in a minute (code {cloud_code}, request {request_id})."
)
_CREDENTIALS = CloudError(
    "Alibaba Cloud does not accept this console's credentials for {action}; the operator should check the access key "
    "(code {cloud_code}, request {request_id})."
)
_KEYLESS = CloudError(
    "This machine has no credentials for Alibaba Cloud, or cannot renew them; the operator should set them as "
    "described in docs/cloud.md (code {cloud_code})."
)
_RIGHTS = CloudError(
    "This console's RAM user may not do {action}; the operator should add it to the RAM policy "
    "(code {cloud_code}, request {request_id})."
)
_ACCOUNT = CloudError(
    "Alibaba Cloud has suspended this account's service for {action}; check that it is activated and paid "
    "(code {cloud_code}, request {request_id})."
)
_CLOCK = CloudError(
    "Alibaba Cloud refused {action} because this machine's clock is off by more than 15 minutes "
    "(code {cloud_code}, request {request_id})."
)
_NO_VIDEO = CloudError("ApsaraVideo VOD has no such video (code {cloud_code}, request {request_id}).")
_STATE = CloudError(
    "ApsaraVideo VOD cannot do {action} in the video's present state: {words} "
    "(code {cloud_code}, request {request_id})."
)
_TEMPLATES = CloudError(
    "ApsaraVideo VOD knows no such transcode template group; the operator should check QU_TEMPLATE_GROUP "
    "and QU_NARROW_TEMPLATE_GROUP (code {cloud_code}, request {request_id})."
)
_NO_CATEGORY = CloudError("ApsaraVideo VOD has no such category (code {cloud_code}, request {request_id}).")
_MAX_CATEGORIES = CloudError(
    "ApsaraVideo VOD takes three levels of categories and 100 below each, and no more "
    "(code {cloud_code}, request {request_id})."
)
_QUOTA = CloudError(
    "Today's quota of {action} is used up; it is renewed at midnight, Beijing time "
    "(code {cloud_code}, request {request_id})."
)
_DOMAIN = CloudError(
    "Alibaba Cloud does not serve this domain for this account, or it is stopped "
    "(code {cloud_code}, request {request_id})."
)

_KNOWN = {
    **dict.fromkeys((*THROTTLED, *NOT_DONE), _BUSY),
    **dict.fromkeys(UNSURE, _UNSURE),
    **dict.fromkeys(WRONG_KEY, _CREDENTIALS),
    **dict.fromkeys(NO_RIGHTS, _RIGHTS),
    **dict.fromkeys(NO_SERVICE, _ACCOUNT),
    **dict.fromkeys(GONE, _NO_VIDEO),
    **dict.fromkeys(WRONG_STATE, _STATE),
    **dict.fromkeys(NO_CATEGORY, _NO_CATEGORY),
    **dict.fromkeys(("levelexceededmax", "subtotalexceededmax"), _MAX_CATEGORIES),
    **dict.fromkeys(NO_QUOTA, _QUOTA),
    **dict.fromkeys(("invaliddomain.notfound", "invaliddomain.offline", "illegaloperation"), _DOMAIN),
    **dict.fromkeys(NO_CREDENTIALS, _KEYLESS),
    "invalidtemplategroupid.notfound": _TEMPLATES,
    **dict.fromkeys(WRONG_CLOCK, _CLOCK),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error response; without a status, no readable response arrived."""

    action: str
    cloud_code: str = ""
    status: int | None = None
    request_id: str = ""
    words: str = ""

    def error(self) -> CloudError:
        """Return the user-facing error, with Alibaba's code and request id."""
        code = self.cloud_code.lower()
        if not code:
            template = NO_ANSWER.template
            return CloudError(template, passing=True, unknown=True, action=self.action, words=self.words)
        unsure = code in UNSURE or ((self.status or 0) >= 500 and code not in (*THROTTLED, *NOT_DONE))
        passing = unsure or code in (*THROTTLED, *NOT_DONE, *NO_CREDENTIALS)
        known = _KNOWN.get(code, _UNSURE if unsure else REFUSED)
        template = known.template
        return CloudError(
            template, passing=passing, unknown=unsure, action=self.action, cloud_code=self.cloud_code,
            request_id=self.request_id or "-", words=self.words,
        )  # fmt: skip


def has_code(error: CloudError, *codes: str) -> bool:
    """Return whether the error has one of these codes."""
    return error.cloud_code.lower() in codes


def is_repeated_session(error: CloudError) -> bool:
    """Return whether a SessionId was used in the last seven days; the undocumented code contains that word."""
    return "session" in error.cloud_code.lower()
