"""Usage of the Alibaba account: fetched periodically in the background and stored by day.

Days are in Beijing time, as in Alibaba's billing; its timestamps are UTC, and a day begins at 16:00 of the day before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from backend.aliyun.client import Client
from backend.aliyun.mapping import number, second, utc, words
from backend.aliyun.prefetch import CloudCache
from backend.errors import CloudError
from backend.model import SECONDS_A_DAY
from backend.model.usage import BEIJING, Figure, Plays, UsageSource, day_of
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.store.usage import Usage

FIRST_DAYS = 30  # range of the first query; Alibaba returns at most 31 days per call
AGAIN_DAYS = 3  # later queries repeat these days, whose figures may still change
KEPT_DAYS = 400
TOP_VIDEOS = 100  # per day
PLAYS_READY = timedelta(hours=9)  # Beijing time at which the plays of the previous day are available
HOUR = 3600
MILLISECONDS = 1000
AREAS = ("CN", "OverSeas")


class UsageReader:
    """Queries every source of usage figures. If one fails, its stored figures are kept and the others continue."""

    def __init__(
        self, client: Client, usage: Usage, settings: Settings, cache: CloudCache, clock: Callable[[], float]
    ) -> None:
        self._client, self._usage, self._cache, self._clock = client, usage, cache, clock
        self._is_cdn, self._hosts = settings.prewarm_service == "cdn", settings.prewarm_hosts

    def refresh(self) -> None:
        """Query every source for new figures. Failures are recorded and retried the next time."""
        known = {state.source: state.read for state in self._usage.find_sources()}
        for source, ask in (
            (UsageSource.CDN, self._read_cdn),
            (UsageSource.STORAGE, self._read_storage),
            (UsageSource.TRANSCODES, self._read_transcodes),
            (UsageSource.PLAYS, self._read_plays),
            (UsageSource.TOP_VIDEOS, self._read_top_videos),
            (UsageSource.QUOTA, self._read_quota),
        ):
            try:
                ask(self._since(known.get(source, 0.0)))
            except CloudError as error:
                self._usage.note_failure(source, error.pack())
        self._usage.prune(day_of(self._clock() - KEPT_DAYS * SECONDS_A_DAY))

    def _since(self, read: float) -> float:
        """Return the first second of the first day to query."""
        first = max(read - (AGAIN_DAYS - 1) * SECONDS_A_DAY, self._clock() - (FIRST_DAYS - 1) * SECONDS_A_DAY)
        return start_of(day_of(first))

    def _ask(self, action: str, since: float, **wanted: Any) -> dict[str, Any]:
        times = {"StartTime": utc(since), "EndTime": utc(self._clock())}
        return self._client.call(action, {**times, **wanted})

    def _read_cdn(self, since: float) -> None:
        traffic, bandwidth = (self._read_hours(since, field) for field in ("traf", "bps"))
        self._usage.keep(
            UsageSource.CDN,
            {Figure.TRAFFIC: by_day(traffic.items(), sum), Figure.BANDWIDTH: by_day(bandwidth.items(), max)},
        )

    def _read_hours(self, since: float, field: str) -> dict[str, float]:
        """Return hourly CDN usage, summed over all areas."""
        found: dict[str, float] = {}
        wanted: dict[str, Any] = {"Field": field, "Interval": str(HOUR)}
        action = "DescribeVodDomainUsageData"
        if self._is_cdn:
            action = "DescribeDomainUsageData"
            wanted["DomainName"] = ",".join(host.partition(":")[0] for host in self._hosts)
        for area in AREAS:
            answer = self._ask(action, since, **wanted, Area=area)
            for point in (answer.get("UsageDataPerInterval") or {}).get("DataModule") or []:
                stamp = str(point.get("TimeStamp"))
                found[stamp] = found.get(stamp, 0.0) + number(point.get("Value"))
        return found

    def _read_storage(self, since: float) -> None:
        answer = self._ask("DescribeVodStorageData", since)
        items = (answer.get("StorageData") or {}).get("StorageDataItem") or []
        points = sorted((str(item.get("TimeStamp")), number(item.get("StorageUtilization"))) for item in items)
        self._usage.keep(UsageSource.STORAGE, {Figure.STORAGE: by_day(points, last)})

    def _read_transcodes(self, since: float) -> None:
        answer = self._ask("DescribeVodTranscodeData", since, Interval="day")
        items = (answer.get("TranscodeData") or {}).get("TranscodeDataItem") or []
        points = [(str(item.get("TimeStamp")), transcoded(item)) for item in items]
        self._usage.keep(UsageSource.TRANSCODES, {Figure.TRANSCODED: by_day(points, sum)})

    def _read_plays(self, since: float) -> None:
        answer = self._ask("DescribePlayUserTotal", since)
        found: dict[Figure, dict[str, float]] = {Figure.PLAYS: {}, Figure.VIEWERS: {}, Figure.PLAYED: {}}
        for item in (answer.get("UserPlayStatisTotals") or {}).get("UserPlayStatisTotal") or []:
            if day := read_day(str(item.get("Date"))):
                found[Figure.PLAYS][day] = sum(number(value) for value in (item.get("VV") or {}).values())
                found[Figure.VIEWERS][day] = sum(number(value) for value in (item.get("UV") or {}).values())
                found[Figure.PLAYED][day] = number(item.get("PlayDuration")) / MILLISECONDS
        self._usage.keep(UsageSource.PLAYS, found)

    def _read_top_videos(self, since: float) -> None:
        """Query each day whose plays were counted since the last query or may still change."""
        last_day = day_of(self._clock() - PLAYS_READY.total_seconds() - SECONDS_A_DAY)
        at = since
        while (day := day_of(at)) <= last_day:
            # Midnight UTC is within the same day in Beijing.
            wanted = {"BizDate": f"{day}T00:00:00Z", "PageNo": 1, "PageSize": TOP_VIDEOS}
            answer = self._client.call("DescribePlayTopVideos", wanted)
            items = (answer.get("TopPlayVideos") or {}).get("TopPlayVideoStatis") or []
            self._usage.keep_plays(day, [plays_of(item) for item in items if item.get("VideoId")])
            at += SECONDS_A_DAY
        self._usage.note_answer(UsageSource.TOP_VIDEOS)

    def _read_quota(self, _since: float) -> None:
        self._cache.quota()
        self._usage.note_answer(UsageSource.QUOTA)


def start_of(day: str) -> float:
    """Return the first second of a day in Beijing."""
    return (datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) - BEIJING).timestamp()


def read_day(text: str) -> str:
    """Normalize a day as Alibaba writes it (`20180101`, `2018-01-01`); empty if invalid."""
    try:
        return date.fromisoformat(text.replace("-", "")[:8]).isoformat()
    except ValueError:
        return ""


def by_day(
    points: Iterable[tuple[str, float]], fold: Callable[[list[float]], float]
) -> dict[str, float]:  # fmt: skip
    """Aggregate timestamped values by day."""
    found: dict[str, list[float]] = {}
    for stamp, value in points:
        if (at := second(stamp)) is not None:
            found.setdefault(day_of(at), []).append(value)
    return {day: fold(values) for day, values in found.items()}


def last(values: list[float]) -> float:
    return values[-1]


def transcoded(item: Mapping[str, Any]) -> float:
    """Return the seconds of all specifications; Alibaba reports the sum as `All`."""
    values = {str(one.get("Name")): number(one.get("Value")) for one in (item.get("Data") or {}).get("DataItem") or []}
    return values.get("All", sum(values.values()))


def plays_of(item: Mapping[str, Any]) -> Plays:
    return Plays(
        words(item["VideoId"]), words(item.get("Title")), int(number(item.get("VV"))), int(number(item.get("UV"))),
        number(item.get("PlayDuration")) / MILLISECONDS,
    )  # fmt: skip
