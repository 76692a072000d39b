"""VOD's transcode template groups and watermarks, and what a transcode may override of them."""

from __future__ import annotations

import json

from tests.cloud.alibaba.refusal import Refusal, need

# The type, definition, width and height of what each group makes.
GROUPS = {
    "plain-group": [("Normal", "SD", 848, 480), ("Normal", "HD", 1280, 720)],
    "narrow-group": [("NarrowBandV2", "HD", 1280, 720)],
    "logo-group": [("Normal", "LD", 640, 360)],
    "private-group": [("Normal", "FD", 640, 360)],
    "hls-group": [("Normal", "FD", 640, 360)],
}
WATERMARKS_OF = {"logo-group": ["logo", "user-name"]}
ENCRYPTIONS = {"private-group": "AliyunVoDEncryption", "hls-group": "HLSEncryption"}
SETTINGS = {"private-group": {"EncryptType": "Private"}, "hls-group": {"EncryptType": "HLSEncryption"}}


class Templates:
    """The part of VOD that knows templates."""

    def __init__(self) -> None:
        super().__init__()
        self.watermarks = {
            "logo": {"Type": "Image", "Name": "角标", "FileUrl": "https://oss.example.com/logo.png"},
            "user-name": {"Type": "Text", "Name": "用户", "WatermarkConfig": json.dumps({"Content": "趣视频"})},
            "unbound": {"Type": "Image", "Name": "未关联", "FileUrl": "https://oss.example.com/other.png"},
        }

    def ListTranscodeTemplateGroup(self, _parameters):
        return {
            "TranscodeTemplateGroupList": [
                {"TranscodeTemplateGroupId": group, "Name": group,
                 "IsDefault": "Default" if group == self.default_group else "NotDefault"}
                for group in GROUPS
            ]
        }  # fmt: skip

    def GetTranscodeTemplateGroup(self, parameters):
        (group,) = need(parameters, "TranscodeTemplateGroupId")
        if group not in GROUPS:
            raise Refusal(404, "InvalidTemplateGroupId.NotFound", "The TemplateGroupId does not exist.")
        templates = [
            {
                "Type": kind, "Definition": definition, "TranscodeTemplateId": f"{group}-{definition}",
                "TemplateName": f"{group} {definition}",
                "Video": json.dumps({"Width": str(width), "Height": str(height)}),
                "Container": json.dumps({"Format": "m3u8" if group in SETTINGS else "mp4"}),
                "WatermarkIds": WATERMARKS_OF.get(group, []),
                "EncryptSetting": json.dumps(SETTINGS.get(group, {})),
            }
            for kind, definition, width, height in GROUPS[group]
        ]  # fmt: skip
        return {
            "TranscodeTemplateGroup": {
                "TranscodeTemplateGroupId": group, "Name": group, "TranscodeTemplateList": templates,
            }
        }  # fmt: skip

    def ListWatermark(self, _parameters):
        return {
            "WatermarkInfos": [
                {"WatermarkId": number, "IsDefault": "NotDefault", **one} for number, one in self.watermarks.items()
            ]
        }

    def check_override(self, group, text):
        """Refuse watermarks that the group's templates do not hold: others can only be given other contents."""
        if not text:
            return
        for one in json.loads(text).get("Watermarks", []):
            known = self.watermarks.get(one.get("WatermarkId"))
            if known is None or one["WatermarkId"] not in WATERMARKS_OF.get(group, []):
                raise Refusal(400, "InvalidParameter.OverrideParams", "The watermark is not one of the template.")
            if not one.get("Content" if known["Type"] == "Text" else "FileUrl"):
                raise Refusal(400, "InvalidParameter.OverrideParams", "The watermark has no content.")
