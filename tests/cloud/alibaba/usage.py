"""What the account used, as VOD and CDN tell it: limits of ranges, UTC times, and numbers as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.cloud.alibaba.refusal import Refusal, need

FORM = "%Y-%m-%dT%H:%M:%SZ"
BEIJING = timedelta(hours=8)
MAX_DAYS, MAX_PLAY_DAYS = 31, 180
FIELDS = ("traf", "bps")


class Usage:
    """Figures that a test sets; days without any have none."""

    CDN = frozenset({"DescribeDomainUsageData"})

    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.hours: dict[tuple[str, str, str], float] = {}  # (area, field, time in UTC): value
        self.storage: dict[str, int] = {}  # time in UTC: bytes
        self.transcoded: dict[str, dict[str, int]] = {}  # day in Beijing: seconds by specification
        self.plays: dict[
            str, dict[str, dict[str, int]]
        ] = {}  # day in Beijing: VV, UV by player, and PlayDuration in ms
        self.top: dict[str, list[dict[str, str]]] = {}  # day in Beijing

    def DescribeVodDomainUsageData(self, parameters):
        start, end = self._range(parameters, MAX_DAYS)
        (field,) = need(parameters, "Field")
        if field not in FIELDS or parameters.get("Interval", "3600") != "3600":
            raise Refusal(400, "InvalidParameter", "The specified Field is invalid.")
        area = parameters.get("Area", "CN")
        modules = [
            {"TimeStamp": stamp, "Value": str(value)}
            for (one, kind, stamp), value in sorted(self.hours.items())
            if (one, kind) == (area, field) and start <= stamp < end
        ]
        return {"DataInterval": "3600", "Area": area, "Type": field, "UsageDataPerInterval": {"DataModule": modules}}

    def DescribeDomainUsageData(self, parameters):
        need(parameters, "DomainName")
        if ":" in parameters["DomainName"]:
            raise Refusal(404, "InvalidDomain.NotFound", "The specified domain does not exist.")
        return self.DescribeVodDomainUsageData(parameters)

    def DescribeVodStorageData(self, parameters):
        start, end = self._range(parameters, MAX_DAYS)
        items = [
            {"TimeStamp": stamp, "StorageUtilization": size, "NetworkOut": 0}
            for stamp, size in sorted(self.storage.items(), reverse=True)
            if start <= stamp < end
        ]
        return {"DataInterval": "hour", "StorageData": {"StorageDataItem": items}}

    def DescribeVodTranscodeData(self, parameters):
        start, end = self._range(parameters, MAX_DAYS)
        items = []
        for day, by_kind in sorted(self.transcoded.items()):
            stamp = (datetime.fromisoformat(day) - BEIJING).strftime(FORM)
            if start <= stamp < end:
                data = [{"Name": name, "Value": str(value)} for name, value in by_kind.items()]
                data.append({"Name": "All", "Value": str(sum(by_kind.values()))})
                items.append({"TimeStamp": stamp, "Data": {"DataItem": data}})
        return {"DataInterval": "day", "TranscodeData": {"TranscodeDataItem": items}}

    def DescribePlayUserTotal(self, parameters):
        start, end = self._range(parameters, MAX_PLAY_DAYS)
        if end > datetime.fromtimestamp(self._alibaba.clock() + 60, UTC).strftime(FORM):
            raise Refusal(400, "InvalidEndTime.BeyondCurrent", "EndTime beyond current time.")
        found = [
            {
                "Date": day.replace("-", ""), "PlayRange": "<=1m:100%", "PlayDuration": str(said["PlayDuration"]),
                **{kind: {name: str(value) for name, value in said[kind].items()} for kind in ("VV", "UV")},
            }
            for day, said in sorted(self.plays.items())
            if start <= f"{day}T00:00:00Z" < end
        ]  # fmt: skip
        return {"UserPlayStatisTotals": {"UserPlayStatisTotal": found}}

    def DescribePlayTopVideos(self, parameters):
        (when,) = need(parameters, "BizDate")
        size = int(parameters.get("PageSize", 100))
        if size > 1000:
            raise Refusal(400, "InvalidParameter", "The specified PageSize is invalid.")
        found = self.top.get(datetime.strptime(when, FORM).strftime("%Y-%m-%d"), [])
        return {"PageNo": 1, "PageSize": size, "TotalNum": len(found), "TopPlayVideos": {"TopPlayVideoStatis": found}}

    @staticmethod
    def _range(parameters, most):
        start, end = need(parameters, "StartTime", "EndTime")
        first, last = (datetime.strptime(text, FORM) for text in (start, end))
        if not timedelta() < last - first <= timedelta(days=most):
            raise Refusal(400, "InvalidTimeRange", "StartTime and EndTime range should less than 1 month.")
        return start, end
