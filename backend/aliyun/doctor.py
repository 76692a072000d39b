"""The doctor's checks of the Alibaba account, with instructions for fixing problems."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from backend.aliyun import event_delivery
from backend.aliyun.client import CDN_ACTIONS, Client
from backend.aliyun.errors import GONE, NO_CATEGORY, NO_RIGHTS, NO_SUCH_TASK, WRONG_STATE, has_code
from backend.aliyun.mapping import utc
from backend.aliyun.prefetch import SERVICES
from backend.aliyun.refresh import SERVICES as REFRESHERS
from backend.aliyun.templates import group_of
from backend.errors import CloudError, ConsoleError
from backend.model import SECONDS_A_DAY
from backend.model.cloud import Action
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.store import Store

NO_SUCH_VIDEO = "0" * 32
NO_SUCH_CATEGORY = 9_007_199_254_740_991
# Harmless requests: with permission they fail for their parameters, without it for the missing permission.
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GetVideoInfo", {"VideoId": NO_SUCH_VIDEO}),
    ("GetVideoInfos", {"VideoIds": NO_SUCH_VIDEO}),
    ("GetPlayInfo", {"VideoId": NO_SUCH_VIDEO}),
    ("GetMezzanineInfo", {"VideoId": NO_SUCH_VIDEO}),
    ("ListSnapshots", {"VideoId": NO_SUCH_VIDEO}),
    ("GetTranscodeTask", {"TranscodeTaskId": NO_SUCH_VIDEO}),
    ("ListTranscodeTask", {"VideoId": NO_SUCH_VIDEO}),
    ("GetAuditHistory", {"VideoId": NO_SUCH_VIDEO}),
    ("GetMediaAuditResult", {"MediaId": NO_SUCH_VIDEO}),
    ("RefreshUploadVideo", {"VideoId": NO_SUCH_VIDEO}),
    ("SubmitSnapshotJob", {"VideoId": NO_SUCH_VIDEO, "Count": 1}),
    ("SubmitTranscodeJobs", {"VideoId": NO_SUCH_VIDEO, "TemplateGroupId": NO_SUCH_VIDEO}),
    ("CreateAudit", {"AuditContent": f'[{{"VideoId":"{NO_SUCH_VIDEO}","Status":"Normal"}}]'}),
    ("UpdateVideoInfo", {"VideoId": NO_SUCH_VIDEO, "Title": "video"}),
    ("DeleteVideo", {"VideoIds": NO_SUCH_VIDEO}),
    ("ListTranscodeTemplateGroup", {}),
    ("ListWatermark", {}),
    ("GetAIMediaAuditJob", {"JobId": NO_SUCH_VIDEO}),
    ("GetMediaAuditResultDetail", {"MediaId": NO_SUCH_VIDEO, "PageNo": 1}),
    ("GetMediaAuditResultTimeline", {"MediaId": NO_SUCH_VIDEO}),
    ("SubmitAIMediaAuditJob", {"MediaId": NO_SUCH_VIDEO, "MediaType": "video"}),
    ("GetCategories", {"CateId": NO_SUCH_CATEGORY}),
    ("AddCategory", {"CateName": "category", "ParentId": NO_SUCH_CATEGORY}),
    ("UpdateCategory", {"CateId": NO_SUCH_CATEGORY, "CateName": "category"}),
    ("DeleteCategory", {"CateId": NO_SUCH_CATEGORY}),
    ("CreateUploadVideo", {"Title": "video", "FileName": "without-extension"}),
    ("UploadMediaByURL", {"UploadURLs": ",".join(["https://invalid.invalid/a.mp4"] * 21)}),  # the limit is 20
    ("GetURLUploadInfos", {"JobIds": NO_SUCH_VIDEO}),
    ("CancelUrlUploadJobs", {"JobIds": NO_SUCH_VIDEO}),
)
EXPECTED = (*GONE, *NO_CATEGORY, *NO_SUCH_TASK, *WRONG_STATE)


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check; the text says how to fix a problem."""

    good: bool
    text: str


def examine(client: Client, settings: Settings, store: Store) -> Iterator[Check]:
    """Yield check results. Nothing is changed or billed."""
    try:
        found = client.call(
            "SearchMedia", {"SearchType": "video", "PageNo": 1, "PageSize": 1, "Fields": "CoverURL"}, expect="Total"
        )
    except CloudError as error:
        yield Check(False, f"Alibaba Cloud: {error}")
        if not has_code(error, *NO_RIGHTS):
            return
    else:
        yield Check(
            True, f"Alibaba Cloud: credentials accepted, region {settings.aliyun_region}, {found['Total']} videos"
        )
        if "auth_key=" in str(found.get("MediaList")) and not settings.url_auth_key:
            yield Check(
                False,
                "signed URLs: the domain requires them; set QU_URL_AUTH_KEY to its key, or images will not load",
            )
    yield _template_group(client, "QU_TEMPLATE_GROUP", settings.template_group, narrow=False)
    yield _template_group(client, "QU_NARROW_TEMPLATE_GROUP", settings.narrow_template_group, narrow=True)
    yield _rights(client, settings)
    yield _quota(client, settings)
    yield _refreshing(client, settings, store)
    yield _callback(client, settings, store)
    yield _hosts(settings)
    state = store.cloud.cursor("sync")
    said = "never; python -m backend sync brings in what VOD holds" if not state else f"{state.get('seen', 0)} videos"
    yield Check(
        bool(state.get("done")), f"last sync: {said}{'' if state.get('done') or not state else ', not finished'}"
    )


def _template_group(client: Client, name: str, group: str, *, narrow: bool) -> Check:
    try:
        answer = client.call(
            "GetTranscodeTemplateGroup", {"TranscodeTemplateGroupId": group}, expect="TranscodeTemplateGroup"
        )
    except CloudError as error:
        return Check(False, f"{name}={group}: {error}")
    found = group_of(answer["TranscodeTemplateGroup"])
    if locked := [one.definition for one in found.templates if one.encrypted]:
        said = f"{name}={group}: encrypts {', '.join(locked)}; plain players cannot play these; choose another group"
        return Check(False, said)
    templates = answer["TranscodeTemplateGroup"].get("TranscodeTemplateList") or []
    kinds = sorted({f"{one.get('Type')} {one.get('Definition')}" for one in templates})
    is_narrow = any(str(one.get("Type", "")).startswith("NarrowBand") for one in templates)
    if narrow and not is_narrow:
        return Check(
            False, f"{name}={group}: has no narrow-band template ({', '.join(kinds)}); choose a group that does"
        )
    if is_narrow and not narrow:
        return Check(
            False,
            f"{name}={group}: has narrow-band templates ({', '.join(kinds)}); plain transcodes need another group",
        )
    return Check(
        bool(templates), f"{name}={group}: {', '.join(kinds) or 'has no template; add one in the VOD console'}"
    )


def _rights(client: Client, settings: Settings) -> Check:
    """Check permissions with requests for nonexistent objects."""
    missing = []
    service = settings.prewarm_service
    senders = (SERVICES[service].push, REFRESHERS[service].refresh)
    questions = (*ASKED, *((action, {"ObjectPath": "no path"}) for action in senders), *_about_usage(settings))
    for action, parameters in questions:
        try:
            client.call(action, parameters)
        except CloudError as error:
            if has_code(error, *NO_RIGHTS):
                missing.append(f"{'cdn' if action in CDN_ACTIONS else 'vod'}:{action}")
            elif not has_code(error, *EXPECTED) and error.passing:
                return Check(False, f"RAM permissions: {error}")
    if missing:
        return Check(False, f"RAM permissions: add {', '.join(missing)} to the policy (docs/cloud.md)")
    return Check(True, f"RAM permissions: all {len(questions)} tested")


def _about_usage(settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    """Return usage queries for the last hour; they are free and small."""
    now = time.time()
    hour = {"StartTime": utc(now - 3600), "EndTime": utc(now)}
    traffic = ("DescribeVodDomainUsageData", {**hour, "Field": "traf"})
    if settings.prewarm_service == "cdn":
        hosts = ",".join(host.partition(":")[0] for host in settings.prewarm_hosts)
        traffic = ("DescribeDomainUsageData", {**hour, "Field": "traf", "DomainName": hosts})
    totals = ("DescribeVodStorageData", "DescribeVodTranscodeData", "DescribePlayUserTotal")
    top = ("DescribePlayTopVideos", {"BizDate": utc(now - SECONDS_A_DAY), "PageSize": 1})
    return [traffic, *((action, hour) for action in totals), top]


def _quota(client: Client, settings: Settings) -> Check:
    try:
        answer = client.call(SERVICES[settings.prewarm_service].quota, expect="PreloadRemain")
    except CloudError as error:
        return Check(False, f"prewarming by {settings.prewarm_service}: {error}")
    left, total = answer["PreloadRemain"], answer.get("PreloadQuota", "?")
    return Check(str(left) != "0", f"prewarming by {settings.prewarm_service}: {left} of {total} left today")


def _refreshing(client: Client, settings: Settings, store: Store) -> Check:
    """Report the refresh quota and failing refreshes."""
    name = f"refreshing by {settings.prewarm_service}"
    try:
        answer = client.call(REFRESHERS[settings.prewarm_service].quota, expect="UrlRemain")
    except CloudError as error:
        return Check(False, f"{name}: {error}")
    stuck = [one for one in store.cloud.list_intents(Action.REFRESH) if one.payload.get("error")]
    left = ", ".join(
        f"{answer.get(f'{kind}Remain', '?')} of {answer.get(f'{kind}Quota', '?')} {what} left today"
        for kind, what in (("Url", "addresses"), ("Dir", "directories"))
    )
    if stuck:
        why = ConsoleError.unpack(stuck[0].payload["error"])
        return Check(False, f"{name}: {len(stuck)} videos waiting; the CDN may still serve them. {why}")
    return Check(str(answer["UrlRemain"]) != "0", f"{name}: {left}")


def _callback(client: Client, settings: Settings, store: Store) -> Check:
    if settings.callback_url and urlsplit(settings.callback_url).path != "/vodcallback/callback":
        return Check(False, "callbacks: QU_CALLBACK_URL should end in /vodcallback/callback, unless a proxy maps it")
    try:
        problem = event_delivery.find_problem(client, settings)
    except CloudError as error:
        return Check(False, f"callbacks: the setting at VOD is unknown. {error}")
    if problem:
        return Check(False, f"callbacks: {problem}")
    told = " and ".join(event_delivery.ways(settings))
    return Check(True, f"callbacks: by {told}, {store.cloud.count_events()} waiting to be processed")


def _hosts(settings: Settings) -> Check:
    if not settings.prewarm_hosts:
        return Check(False, "QU_PREWARM_HOSTS: set the playback domain, or nothing can be prewarmed")
    return Check(True, f"prewarmed domains: {', '.join(settings.prewarm_hosts)}")
