"""Which videos are alike, by their fingerprints, and what was decided on them.

Fingerprints are found by the bands of their hashes: a copy has almost always frames of which 16 neighbouring bits are
the same. The clips that share most bands are then compared frame by frame, once, when the newer of them is
fingerprinted. What was decided on a similar video is read whenever it is shown, so that it is never out of date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from backend.model import CensorStatus, Verdict
from backend.model.fingerprint import BAND_BITS, BAND_MASK, BANDS, Hashes, Likeness, bands, compare, mirror
from backend.model.review import Lease
from backend.model.similar import Decided, HintFigures, SimilarVideo
from backend.store.engine import Database, Engine
from backend.store.lease_claims import lease_of
from backend.store.rows import AT_NUMBER, as_json, read_object

MAX_PER_BAND = 500  # newest clips looked at with the same band, since some are common: sky, dark corners
MAX_CANDIDATES = 64  # compared frame by frame
MAX_SIMILAR = 50  # kept of one new clip
MAX_ATTEMPTS, FIRST_WAIT = 5, 60.0  # seconds, doubled after every attempt to compute a fingerprint
VIEWS = msgspec.json.Decoder(list[list[int]])

WITH_BAND = "select clip from fingerprint_bands where value = ? order by clip desc limit ?"
VERDICTS = {CensorStatus.SUCCESS: Verdict.NORMAL, CensorStatus.FAIL: Verdict.BLOCKED}
SIMILAR = """
    select s.other_id, s.share, s.mirrored, v.title, v.user_id, v.censor_status, v.user_id = own.user_id
    from similar_clips s join videos v on v.video_id = s.other_id join videos own on own.video_id = s.video_id
    where s.video_id = :video and (:judged = 0 or v.censor_status in ('success', 'fail'))
    order by v.censor_status = 'fail' desc, s.share desc, v.seq desc limit :most
"""
VERDICT = "select at, after from history where target = ? and action = 'createAudit' order by id desc limit 1"
HELD = """
    select l.* from similar_clips s join review_leases l on l.video_id = s.video_id
    where s.other_id = :video and l.holder = :holder and l.kind in ('first', 'reported')
    and l.lease_key in (select value from json_each(:keys)) order by l.claimed, l.lease_key
"""
ADD = "insert into similar_clips (video_id, other_id, share, mirrored) values (?, ?, ?, ?)"
NOTE = """
    insert into review_hints (lease_key, other_id, share, verdict, followed) values (?, ?, ?, ?, ?)
    on conflict do nothing
"""
FIGURES = """
    select count(*), coalesce(sum(followed), 0) from review_hints join review_decisions using (lease_key)
    where at >= :start and at < :end + 1 and :reviewer in ('', reviewer) and undone = 0
"""


class SimilarVideos:
    """Reads and changes them."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def find_missing(self, limit: int) -> list[str]:
        """Return videos whose images are to be fingerprinted now, those that came last first."""
        sql = "select video_id from fingerprint_queue where due <= ? order by number desc limit ?"
        with self._engine.reading() as db:
            return [row[0] for row in db.execute(sql, [self._clock(), limit]).fetchall()]

    def postpone(self, video_id: str) -> None:
        """Try again later to fingerprint a video, or give up after some attempts."""
        with self._engine.writing() as db:
            sql = "update fingerprint_queue set attempts = attempts + 1 where video_id = ? returning attempts"
            for (attempts,) in db.execute(sql, [video_id]).fetchall():
                due = self._clock() + FIRST_WAIT * 2 ** (attempts - 1)
                db.execute("update fingerprint_queue set due = ? where video_id = ?", [due, video_id])
            db.execute("delete from fingerprint_queue where video_id = ? and attempts >= ?", [video_id, MAX_ATTEMPTS])

    def keep(self, prints: Iterable[tuple[str, Sequence[Hashes]]]) -> None:
        """Store fingerprints of videos, each replacing the previous one, and which other videos are similar."""
        with self._engine.writing() as db:
            for video_id, views in prints:
                _keep(db, video_id, views)

    def find(self, video_id: str) -> list[SimilarVideo]:
        """Return videos similar to this one: blocked ones first, then the most similar."""
        with self._engine.reading() as db:
            return _find(db, video_id, most=MAX_SIMILAR, judged=False)

    def find_hint(self, video_id: str, *, blind: bool = False) -> SimilarVideo | None:
        """Return the first similar video on which somebody has decided; `blind`, before the verdict on this one."""
        with self._engine.reading() as db:
            if not blind:
                return next(iter(_find(db, video_id, most=1, judged=True)), None)
            own = db.execute(VERDICT, [video_id]).fetchone()
            found = _find(db, video_id, most=MAX_SIMILAR, judged=True)
            return next((one for one in found if one.decided and own and one.decided.at < own[0]), None)

    def compare_new(self, views: Sequence[Hashes]) -> list[str]:
        """Return the videos that are similar to a clip with these hashes, the most similar first."""
        with self._engine.reading() as db:
            return [video_id for video_id, _ in _find_alike(db, views)]

    def find_held(self, video_id: str, holder: str, keys: Iterable[str]) -> list[Lease]:
        """Return those of a user's leases for a first verdict whose videos are similar to this one."""
        values = {"video": video_id, "holder": holder, "keys": as_json(keys)}
        with self._engine.reading() as db:
            return [lease_of(row) for row in db.query(HELD, values)]

    def find_figures(self, start: float, end: float, reviewer: str = "") -> HintFigures:
        """Return how often hints were shown and followed from `start` to the second `end`, included."""
        with self._engine.reading() as db:
            row = db.execute(FIGURES, {"start": start, "end": end, "reviewer": reviewer}).fetchone()
        return HintFigures(*row)


def _find(db: Database, video_id: str, *, most: int, judged: bool) -> list[SimilarVideo]:
    rows = db.fetch(SIMILAR, {"video": video_id, "judged": int(judged), "most": most})
    return [
        SimilarVideo(other, title, user, bool(same), CensorStatus(status), Likeness(share, bool(mirrored)),
                     _decided(db, other, CensorStatus(status)))
        for other, share, mirrored, title, user, status, same in rows
    ]  # fmt: skip


def note_hint(db: Database, lease_key: str, video_id: str, verdict: Verdict) -> None:
    """Note whether a decision follows the hint that was shown beside the video, inside the caller's transaction."""
    for hint in _find(db, video_id, most=1, judged=True):
        said = VERDICTS[hint.censor_status]
        db.execute(NOTE, [lease_key, hint.video_id, hint.likeness.share, said, int(said is verdict)])


def _decided(db: Database, video_id: str, status: CensorStatus) -> Decided | None:
    """Return the verdict behind a video's current state, or None if there is none, or the history has none of it."""
    if status not in VERDICTS:
        return None
    row = db.execute(VERDICT, [video_id]).fetchone()
    said = read_object(row[1]) if row else {}
    if said.get("censorStatus") != status:
        return None
    return Decided(row[0], str(said.get("reason", "")), str(said.get("reasonCode", "")))


def _keep(db: Database, video_id: str, views: Sequence[Hashes]) -> None:
    db.execute("delete from fingerprint_queue where video_id = ?", [video_id])
    db.execute("delete from fingerprints where video_id = ?", [video_id])
    db.execute("delete from similar_clips where video_id = ?", [video_id])
    db.execute("delete from similar_clips where other_id = ?", [video_id])
    if not views or not db.execute("select 1 from videos where video_id = ?", [video_id]).fetchone():
        return
    alike = _find_alike(db, views)
    row = db.execute(
        "insert into fingerprints (video_id, views) values (?, ?) returning clip", [video_id, packed(views)]
    ).fetchone()
    values = {value for view in views for value in bands(view)}
    db.executemany("insert into fingerprint_bands (value, clip) values (?, ?)", [(one, row[0]) for one in values])
    for other, (ours, theirs) in alike:
        db.execute(ADD, [video_id, other, ours.share, int(ours.mirrored)])
        db.execute(ADD, [other, video_id, theirs.share, int(theirs.mirrored)])


def _find_alike(db: Database, views: Sequence[Hashes]) -> list[tuple[str, tuple[Likeness, Likeness]]]:
    """Return the most similar clips, each with how much of the new clip is in it and of it in the new clip."""
    clips = _candidates(db, views)
    rows = db.fetch(
        f"select video_id, views from fingerprints where {AT_NUMBER.format(key='clip')} order by clip", [as_json(clips)]
    )
    found = ((video_id, compare(views, _unpacked(text))) for video_id, text in rows)
    alike = [(video_id, both) for video_id, both in found if both]
    return sorted(alike, key=lambda pair: -pair[1][0].share)[:MAX_SIMILAR]


def _candidates(db: Database, views: Sequence[Hashes]) -> list[int]:
    """Return the clips that share most bands with these frames or with the mirrored ones."""
    best = Counter[int]()
    frames = [frame for view in views for frame in view]
    for seen in (frames, map(mirror, frames)):
        shared = Counter[int]()
        for value in bands(seen):
            shared.update(clip for (clip,) in db.execute(WITH_BAND, [value, MAX_PER_BAND]).fetchall())
        best |= shared
    return [clip for clip, _ in best.most_common(MAX_CANDIDATES)]


def packed(views: Sequence[Hashes]) -> str:
    """Return hashes as they are stored: JSON lists of band values, four per frame."""
    return as_json(
        [number << BAND_BITS | frame >> number * BAND_BITS & BAND_MASK for frame in view for number in range(BANDS)]
        for view in views
    )


def _unpacked(text: str) -> list[Hashes]:
    return [
        tuple(
            sum((view[at + number] & BAND_MASK) << number * BAND_BITS for number in range(BANDS))
            for at in range(0, len(view), BANDS)
        )
        for view in VIEWS.decode(text)
    ]
