"""What messages say to people at a page, how the API's words read in Chinese, and how messages were worded before."""

from __future__ import annotations

from typing import Any

# What somebody at a page is told instead: there the video is before their eyes, and the API's words mean nothing.
PLAINLY = {
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
