"""What messages say to people at a page, how the API's words read in Chinese, and how messages were worded before."""

from __future__ import annotations

from typing import Any

# What somebody at a page is told instead: there the video is before their eyes, and the API's words mean nothing.
PLAINLY = {
    "Video {video_id} was transcoded with this template already.": (
        "This video was transcoded with this template already.",
        "该视频已用此模板转码过。",
    ),
    "Another transcode of video {video_id} waits or runs. Ask again when it is done.": (
        "Another transcode of this video waits or runs. Ask again when it is done.",
        "该视频有另一个转码任务正在等待或进行，请完成后再试。",
    ),
    "Since line {seen} of the history, {name} has changed video {video_id} ({action}, line {line}); "
    "look at it again.": (
        "{name} has changed this video since you looked at it. Look at the video again.",
        "在你查看之后，{name} 更改了该视频，请重新查看。",
    ),
    "Video {video_id} is being deleted permanently right now. Check again in a minute.": (
        "This video is being deleted permanently right now. Check again in a minute.",
        "该视频正在被彻底删除，请稍后再看。",
    ),
    "Video {video_id} is not in the trash. It may have been restored or permanently deleted.": (
        "This video is not in the trash. It may have been restored or permanently deleted.",
        "该视频不在回收站中，可能已恢复或已彻底删除。",
    ),
    "There is no review of video {video_id} that can be undone.": (
        "This video has no review that can be undone.",
        "该视频没有可撤销的审核。",
    ),
    "The review of video {video_id} has changed since. Look at the video again.": (
        "The review of this video has changed since. Look at the video again.",
        "该视频的审核结果已有变化，请重新查看。",
    ),
    "There is no video {video_id}. It may have been deleted.": (
        "This video does not exist. It may have been deleted.",
        "视频不存在，可能已被删除。",
    ),
    "User {user_id} has no video {video_id}.": (
        "This video does not belong to user {user_id}.",
        "该视频不属于用户 {user_id}。",
    ),
    "Video {video_id} is not recommended.": (
        "This video is not on the recommended feed.",
        "该视频不在推荐列表中。",
    ),
    "Video {video_id} has not passed review (censorStatus is {status}). Approve it first.": (
        "This video has not passed review yet. Approve it first.",
        "该视频尚未通过审核，请先通过审核。",
    ),
    "The upload of video {video_id} has not finished (status is {status}).": (
        "The upload of this video has not finished.",
        "该视频尚未上传完成。",
    ),
    "The source of the video {video_id} is gone. Upload it again.": (
        "The source file of this video is gone. Upload it again.",
        "该视频的源文件已丢失，请重新上传。",
    ),
    "There are no files of the video {video_id} here.": (
        "This video has no files.",
        "该视频没有文件。",
    ),
    "reason is required when status is Blocked.": (
        "Give a reason for blocking the video.",
        "请填写屏蔽理由。",
    ),
    "reason has {length} bytes; at most {most} are allowed.": (
        "The reason is too long ({length} bytes; at most {most} are allowed).",
        "理由过长（{length} 字节，最多 {most} 字节）。",
    ),
    "title may not be empty.": (
        "The title may not be empty.",
        "标题不能为空。",
    ),
    "objectPath has {count} addresses; from 1 to {most} are allowed.": (
        "Enter 1 to {most} addresses; there are {count}.",
        "请填写 1 到 {most} 个地址，当前有 {count} 个。",
    ),
    "endTime must be in the future, at most {days} days ahead.": (
        "The end date must be in the future, at most {days} days ahead.",
        "有效期应在将来，最多 {days} 天之后。",
    ),
    "There is no session or token {session_id}. It may have ended.": (
        "This session or token does not exist any more. It may have ended.",
        "该会话或令牌不存在，可能已经结束。",
    ),
    "There is no job {job_id}.": (
        "This job does not exist.",
        "任务不存在。",
    ),
    "Job {job_id} is {state}; only a failed job can be retried.": (
        "Only a failed job can be retried; this one is {state}.",
        "只有失败的任务可以重试，该任务的状态为“{state}”。",
    ),
    "Job {job_id} is {state}; only a waiting or running job can be cancelled.": (
        "Only a waiting or running job can be cancelled; this one is {state}.",
        "只有排队中或进行中的任务可以取消，该任务的状态为“{state}”。",
    ),
}
# Jobs that failed keep the template they failed with; these are worded differently now.
FORMER = {
    "Today's prewarming quota is used up; it is renewed at midnight, Beijing time "
    "(code {cloud_code}, request {request_id}).": (
        "Today's quota of {action} is used up; it is renewed at midnight, Beijing time "
        "(code {cloud_code}, request {request_id})."
    ),
    "The video cannot be decoded: the file is damaged or of a rare kind. Convert it to MP4 and send it again.": (
        "The video cannot be decoded: the file is damaged or its format is not supported. Convert it to MP4 and send "
        "it again."
    ),
    "No picture came of the video; the file need not be at fault. The job keeps what ffmpeg said.": (
        "No pictures could be taken from the video, though the file may be fine. See the technical details."
    ),
    "ffmpeg could not encode the video; the file need not be at fault. The job keeps what ffmpeg said.": (
        "ffmpeg could not encode the video, though the file may be fine. See the technical details."
    ),
    "ffmpeg got no further for {seconds} seconds and was stopped. Try again, or convert the file to MP4 first.": (
        "ffmpeg made no progress for {seconds} seconds and was stopped. Try again, or convert the file to MP4 first."
    ),
    "The video is in the codec {codec}, which cannot be decoded here. Convert it to MP4 and send it again.": (
        "The video uses the codec {codec}, which cannot be decoded here. Convert it to MP4 and send it again."
    ),
    "The worker died {count} times while at it. Look into the server's log (often memory is short), then try again.": (
        "The worker crashed {count} times while running this job. Check the server's log (often memory is short), "
        "then retry."
    ),
    "The console itself failed at this job.": (
        "The job failed because of an internal error. The server's log has the details."
    ),
    "The disk refused: {why}.": "The disk could not be written: {why}.",
    "The disk is full. Make room and try again.": "The disk is full. Free some space and try again.",
    "{bad} of {count} addresses could not be fetched; the batch says why.": (
        "{bad} of {count} addresses could not be fetched. The list below says why."
    ),
}
# What the API calls by English words, as the pages name it.
NAMES: dict[str, dict[Any, str]] = {
    "role": {"admin": "管理员", "manager": "运营", "reviewer": "审核员", "analyst": "分析员", "app": "应用"},
    "right": {
        "read": "查看", "upload": "上传", "export": "导出", "review": "审核", "manage": "管理", "admin": "管理账号",
        "history": "操作记录", "own": "我的账号", "dashboard": "控制台",
    },
    "state": {"queued": "排队中", "running": "进行中", "done": "完成", "failed": "失败", "cancelled": "已取消"},
}  # fmt: skip
