"""Rows of exported lists, with every text that may go wrong in a file."""

from __future__ import annotations

from hypothesis import strategies as st

from backend.model import FileKind, MediaFile, User, Video

NASTY = ["=cmd|' /C calc'!A0", "'=1", "''",
         '"', 'a "quoted", word', "\r\n", "line\nline", "-1", "+1", "@x", "\t", "＝1",
         "🎉", "_x0041_", "'", "\uffff", "\x01", "<b>&amp;", "%s %w", "{0}",
         "a" * 1500, "海边，的清晨", "1e5", "007"]  # fmt: skip
texts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
ids = st.one_of(st.sampled_from(["007", "1e5", "123456789012", "99999999999", "2019-01-09", "0", "12"]), st.from_regex(
    r"[0-9a-zA-Z_.-]{1,20}", fullmatch=True))  # fmt: skip
halves = st.integers(0, 10**9).map(lambda number: (number * 10 + 5) / 10_000)  # of a millisecond
videos = st.lists(
    st.builds(
        Video,
        video_id=ids, title=texts, description=texts, tags=texts, cate_name=texts,
        user=st.builds(User, user_id=ids, user_name=texts),
        created=st.integers(0, 4_000_000_000),
        duration=st.one_of(st.integers(0, 10**6).map(float), st.floats(0, 10**6), halves),
        size=st.integers(0, 2**50),
        cate_id=st.integers(-5, 10**9),
        files=st.lists(st.sampled_from([
            MediaFile(FileKind.COVER, "cover.jpg"), MediaFile(FileKind.FIRST_FRAME, "http://elsewhere.test/1.jpg"),
            MediaFile(FileKind.NARROW, "narrow.mp4"), MediaFile(FileKind.COMMON, "common.mp4"),
            MediaFile(FileKind.COMMON, "http://elsewhere.test/2.mp4", position=1),
        ]), unique=True).map(tuple),
    ),
    max_size=6, unique_by=(lambda video: video.video_id, lambda video: video.user.user_id),
)  # fmt: skip
zones = st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
