"""Uploads that do not come through the console, asked of one that keeps videos itself."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["createUploadAuth", "refreshUploadAuth"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "send the file to uploadVideo"), ("zh", "请把文件上传到 uploadVideo")]
)
def test_an_embedded_console_says_where_files_go(door, name, language, words):
    answer = door(name, fileName="a.mp4", videoId="v1", language=language)

    assert answer["code"] == "409"
    assert words in answer["message"]
    assert "createUploadLinks" in answer["message"]
