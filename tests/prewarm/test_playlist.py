"""What a player fetches first of an HLS playlist."""

from __future__ import annotations

import pytest

from backend.prewarm.playlist import FirstFiles, read_first_files

URL = "https://cdn.example.com/v/hls/index.m3u8"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#EXTM3U\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n#EXTINF:4,\n3.ts\n", FirstFiles(
            segments=("https://cdn.example.com/v/hls/1.ts", "https://cdn.example.com/v/hls/2.ts")
        )),
        ('#EXTM3U\r\n#EXT-X-MAP:URI="init.mp4"\r\n#EXTINF:4,\r\n/a/1.m4s?x=1\r\n', FirstFiles(
            segments=("https://cdn.example.com/v/hls/init.mp4", "https://cdn.example.com/a/1.m4s?x=1")
        )),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720/i.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\n360/i.m3u8\n", FirstFiles(
            variant="https://cdn.example.com/v/hls/720/i.m3u8"
        )),
        ("#EXTM3U\nhttp://[x/1.ts\n2.ts\n3.ts\n", FirstFiles(segments=("https://cdn.example.com/v/hls/2.ts",))),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://[x/i.m3u8\n", FirstFiles()),
        ("", FirstFiles()),
        ("<html>no playlist", FirstFiles()),
    ],
)  # fmt: skip
def test_of_a_playlist_the_first_segments_or_the_first_variant_are_fetched(text, found):
    assert read_first_files(text, URL) == found
