"""Features, limits and validation rules, for clients and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from backend.api.parameters import PageSize
from backend.api.registry import always, operation
from backend.auth import passwords
from backend.auth.permissions import GRANTS, Role
from backend.exports.columns import RECOMMENDED, VIDEOS, FileFormat
from backend.lifecycle.review import MAX_COMMENT_BYTES, MAX_REASON_BYTES
from backend.lifecycle.technical_flags import are_checked
from backend.model.sheets import MAX_APPLIED, most_applied
from backend.operations import fields, history, pulls, reviews
from backend.operations.templates import WatermarkText
from backend.prewarm import MAX_LINES
from backend.store.category_tree import MAX_LEVELS

if TYPE_CHECKING:
    from backend.console import Call

WAYS = ("page", "rest", "command line", "worker", "pull")


class RoleData(msgspec.Struct, rename="camel"):
    role: str
    right_list: list[str]


class LimitsData(msgspec.Struct, rename="camel"):
    """Lengths are in characters, or in bytes of UTF-8 if the name says so."""

    page_size: int
    reason_bytes: int
    comment_bytes: int
    title_length: int
    description_length: int
    tags_length: int
    name_length: int
    watermark_text_length: int
    min_password_length: int
    max_password_length: int
    upload_bytes: int
    prewarm_addresses: int
    pulled_addresses: int
    reviewed_videos: int
    watched_videos: int
    category_levels: int
    sheet_rows: int
    entry_sheet_rows: int


class FeaturesData(msgspec.Struct, rename="camel"):
    """`mode` is embedded or cloud; `trashDays` is 0 if deleted videos cannot be restored, and
    `technicalFlags` false if videos are not checked for them.

    `wayList` has the values of `way` in the history, `tokenRightList` the permissions available for API tokens.
    """

    mode: str
    time_zone: str
    trash_days: int
    technical_flags: bool
    limits: LimitsData
    role_list: list[RoleData]
    token_right_list: list[str]
    way_list: list[str]
    export_format_list: list[str]
    export_column_list: list[str]
    recommended_export_column_list: list[str]


@operation("GET", "/vod/getFeatures", pure=True, cheap=always)
def get_features(call: Call) -> FeaturesData:
    """Return the features and limits of this console. They change only at a restart."""
    settings = call.settings
    return FeaturesData(
        mode=settings.mode,
        time_zone=settings.time_zone.key,
        trash_days=settings.trash_days,
        technical_flags=are_checked(call.console),
        limits=_limits(settings.max_upload_mb * 1_000_000, in_cloud=call.console.cloud is not None),
        role_list=[RoleData(role.value, sorted(right.value for right in role.rights)) for role in Role],
        token_right_list=[right.value for right in GRANTS],
        way_list=[*WAYS, *(["callback"] if call.console.cloud else [])],
        export_format_list=[one.value for one in FileFormat],
        export_column_list=list(VIDEOS.names),
        recommended_export_column_list=list(RECOMMENDED.names),
    )


def _limits(upload_bytes: int, *, in_cloud: bool) -> LimitsData:
    return LimitsData(
        page_size=_kind(PageSize).high,
        reason_bytes=MAX_REASON_BYTES,
        comment_bytes=MAX_COMMENT_BYTES,
        title_length=_kind(fields.Title).most,
        description_length=_kind(fields.Description).most,
        tags_length=_kind(fields.Tags).most,
        name_length=_kind(fields.Name).most,
        watermark_text_length=_kind(WatermarkText).most,
        min_password_length=passwords.MIN_LENGTH,
        max_password_length=passwords.MAX_LENGTH,
        upload_bytes=upload_bytes,
        prewarm_addresses=MAX_LINES,
        pulled_addresses=pulls.MAX_SOURCES,
        reviewed_videos=reviews.MAX_IDS,
        watched_videos=history.MAX_IDS,
        category_levels=MAX_LEVELS,
        sheet_rows=most_applied(in_cloud=in_cloud),
        entry_sheet_rows=MAX_APPLIED,
    )


def _kind(annotated: Any) -> Any:
    """Return the kind of an annotated parameter, which knows its bounds."""
    return get_args(annotated)[1]
