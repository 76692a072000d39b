"""What Alibaba Cloud makes the console say, in Chinese."""

CLOUD: dict[str, str] = {
    "In cloud mode a cover is one of the snapshots, and video {video_id} has none yet. Ask for new snapshots first.": (
        "云模式下封面取自截图，而视频 {video_id} 还没有截图，请先重新截图。"
    ),
    "The title is whole here, and in ApsaraVideo VOD “{there}”: it takes no emoji and at most {most} bytes of UTF-8.": (
        "控制台保留完整标题；视频点播中为“{there}”，它不接受表情符号，最多 {most} 字节（UTF-8）。"
    ),
    "The description is whole here, and shorter in ApsaraVideo VOD: it takes no emoji and at most {most} bytes of "
    "UTF-8.": ("控制台保留完整描述；视频点播中的描述较短，它不接受表情符号，最多 {most} 字节（UTF-8）。"),
    "The verdict's reason and comment are whole here, and without emoji in ApsaraVideo VOD, which takes none.": (
        "审核原因和备注在控制台完整保留；视频点播不支持表情符号，那里保存的内容不含表情符号。"
    ),
    "The tags are whole here, and in ApsaraVideo VOD “{there}”: it takes no emoji and at most {most} tags of "
    "{most_bytes} bytes of UTF-8.": (
        "控制台保留完整标签；视频点播中为“{there}”，它不接受表情符号，"
        "最多 {most} 个标签、每个 {most_bytes} 字节（UTF-8）。"
    ),
    "Alibaba Cloud did not confirm {action} ({words}). Whether it was done is being looked up, and the console will "
    "follow; look again in a minute.": (
        "阿里云没有确认 {action}（{words}）。控制台正在查询是否已执行，并会随之更新，请稍后再看。"
    ),
    "ApsaraVideo VOD refused to delete the video {video_id}; it may be locked or in use there.": (
        "视频点播拒绝删除视频 {video_id}，它可能已被锁定或正在使用。"
    ),
    "The file of the video {video_id} is not on this machine any more. Upload it again.": (
        "视频 {video_id} 的文件已不在本机，请重新上传。"
    ),
    "The file was sent, but ApsaraVideo VOD still says {status}; try again.": (
        "文件已发送，但视频点播的状态仍为 {status}，请重试。"
    ),
    "The video {video_id} has its file already; another file is another video.": (
        "视频 {video_id} 的文件已上传完成，新的文件请另建视频。"
    ),
    "This console keeps videos itself (QU_MODE is embedded): send the file to uploadVideo, or to a link of "
    "createUploadLinks.": (
        "控制台自行保存视频（QU_MODE 为 embedded），请把文件上传到 uploadVideo，或 createUploadLinks 给出的链接。"
    ),
    "ApsaraVideo VOD does not know the task {task_id} any more; submit it again.": (
        "视频点播已没有任务 {task_id}，请重新提交。"
    ),
    "ApsaraVideo VOD could not fetch the file: {why} (code {cloud_code}).": (
        "视频点播无法拉取文件：{why}（错误码 {cloud_code}）。"
    ),
    "ApsaraVideo VOD could not transcode the video: {why} (code {cloud_code}).": (
        "视频点播转码失败：{why}（错误码 {cloud_code}）。"
    ),
    "ApsaraVideo VOD made no pictures of the video within {minutes} minutes.": (
        "视频点播在 {minutes} 分钟内没有生成截图。"
    ),
    "The callback is not signed with this console's key, or is too old.": "回调签名不符或已过期。",
    "The callback is not a JSON object.": "回调不是 JSON 对象。",
    "The event could not be kept: {why}": "事件未能保存：{why}",
    "This difference does not exist any more. Refresh the list.": "这项差异已不存在，请刷新列表。",
    "ApsaraVideo VOD has no category {cate_id}, so none can be below it.": (
        "视频点播没有分类 {cate_id}，无法在其下新建分类。"
    ),
    "ApsaraVideo VOD has no category {cate_id}; send its cateName alone.": (
        "视频点播没有分类 {cate_id}，请只传 cateName。"
    ),
    "The category's name has {length} bytes; ApsaraVideo VOD takes at most {most}.": (
        "分类名称有 {length} 字节，视频点播最多允许 {most} 字节。"
    ),
    "ApsaraVideo VOD takes no emoji in a category's name.": "视频点播的分类名称不能含表情符号。",
    "ApsaraVideo VOD has no category {cate_id} any more; the tree will follow within minutes.": (
        "视频点播已没有分类 {cate_id}，控制台的分类会在几分钟内更新。"
    ),
    "ApsaraVideo VOD has no such category (code {cloud_code}, request {request_id}).": (
        "视频点播没有该分类（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "ApsaraVideo VOD takes three levels of categories and 100 below each, and no more "
    "(code {cloud_code}, request {request_id}).": (
        "视频点播的分类最多三级，每级下最多 100 个（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "A video that is missing in VOD cannot be sent there from here. Upload it again, or remove it here.": (
        "视频点播中没有的视频无法从控制台补传，请重新上传，或在控制台删除。"
    ),
    "This console does not use Alibaba Cloud (QU_MODE is embedded).": ("控制台没有使用阿里云（QU_MODE 为 embedded）。"),
    "Alibaba Cloud refused {action}: {words} (code {cloud_code}, request {request_id}).": (
        "阿里云拒绝了 {action}：{words}（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "Alibaba Cloud did not answer {action} in time ({words}); try again in a minute.": (
        "阿里云没有及时响应 {action}（{words}），请稍后重试。"
    ),
    "Alibaba Cloud is busy and did not take {action}; try again in a minute "
    "(code {cloud_code}, request {request_id}).": (
        "阿里云繁忙，没有受理 {action}，请稍后重试（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "Alibaba Cloud failed at {action}; try again in a minute (code {cloud_code}, request {request_id}).": (
        "阿里云执行 {action} 失败，请稍后重试（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "Alibaba Cloud does not accept this console's credentials for {action}; whoever runs the console should check the "
    "access key (code {cloud_code}, request {request_id}).": (
        "阿里云不接受控制台执行 {action} 的凭证，请管理员检查 AccessKey（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "This machine has no credentials for Alibaba Cloud, or cannot renew them; whoever runs the console should set them "
    "as docs/cloud.md says (code {cloud_code}).": (
        "本机没有阿里云凭证或无法更新凭证，请管理员按 docs/cloud.md 设置（错误码 {cloud_code}）。"
    ),
    "This console's RAM user may not do {action}; whoever runs the console should add it to the RAM policy "
    "(code {cloud_code}, request {request_id}).": (
        "控制台的 RAM 用户没有 {action} 权限，请管理员添加到 RAM 策略（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "Alibaba Cloud has stopped the service of this account for {action}: is it opened and paid? "
    "(code {cloud_code}, request {request_id})": (
        "阿里云已停止此账号的 {action} 服务，请确认已开通且没有欠费（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "Alibaba Cloud refused {action} because this machine's clock is off by more than 15 minutes "
    "(code {cloud_code}, request {request_id}).": (
        "本机时钟误差超过 15 分钟，阿里云拒绝了 {action}（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "ApsaraVideo VOD has no such video (code {cloud_code}, request {request_id}).": (
        "视频点播中没有这个视频（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "ApsaraVideo VOD cannot do {action} in the video's present state: {words} "
    "(code {cloud_code}, request {request_id}).": (
        "视频当前状态不能执行 {action}：{words}（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "ApsaraVideo VOD knows no such transcode template group; whoever runs the console should check QU_TEMPLATE_GROUP "
    "and QU_NARROW_TEMPLATE_GROUP (code {cloud_code}, request {request_id}).": (
        "视频点播中没有这个转码模板组，请管理员检查 QU_TEMPLATE_GROUP 和 QU_NARROW_TEMPLATE_GROUP"
        "（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "Today's prewarming quota has room for {left} more addresses, and these are {count}. It is renewed at midnight, "
    "Beijing time.": ("今天的预热额度还剩 {left} 条，而这里有 {count} 条。额度在北京时间零点恢复。"),
    "Set QU_CALLBACK_URL and QU_CALLBACK_KEY first.": "请先设置 QU_CALLBACK_URL 和 QU_CALLBACK_KEY。",
    "Set QU_MNS_ENDPOINT and QU_MNS_QUEUE first.": "请先设置 QU_MNS_ENDPOINT 和 QU_MNS_QUEUE。",
    "startTime is later than endTime.": "startTime 晚于 endTime。",
    "From startTime to endTime are more than {most} days.": "startTime 到 endTime 超过 {most} 天。",
    "Today's quota of {action} is used up; it is renewed at midnight, Beijing time "
    "(code {cloud_code}, request {request_id}).": (
        "今日 {action} 的额度已用完，北京时间零点恢复（错误码 {cloud_code}，请求 {request_id}）。"
    ),
    "The machine is reviewing the video {video_id} already. Look again in a minute.": (
        "视频 {video_id} 正在机器审核中，请稍后再看。"
    ),
    "ApsaraVideo VOD did not confirm the machine review. It costs money, so it is not submitted again before it is "
    "clear whether VOD took it; the result shows here if it did.": (
        "视频点播没有确认本次机器审核。机器审核按次计费，确认点播是否受理之前不会重复提交；如已受理，结果会显示在这里。"
    ),
    "ApsaraVideo VOD never confirmed this machine review. It can be submitted again.": (
        "视频点播一直没有确认这次机器审核，可以重新提交。"
    ),
    "ApsaraVideo VOD gave no result of the machine review within a day. It can be submitted again.": (
        "视频点播一天之内没有给出机器审核结果，可以重新提交。"
    ),
    "The machine review failed at ApsaraVideo VOD: {why} (code {cloud_code}).": (
        "视频点播机器审核失败：{why}（错误码 {cloud_code}）。"
    ),
    "{bad} of {count} addresses could not be refreshed at the CDN; it may still play what it keeps.": (
        "{count} 个地址中有 {bad} 个未能在 CDN 刷新，缓存中的内容可能仍可播放。"
    ),
    "This console has no machine review: it comes with ApsaraVideo VOD (QU_MODE is embedded).": (
        "控制台没有机器审核：该功能由阿里云视频点播提供（QU_MODE 为 embedded）。"
    ),
    "Alibaba Cloud does not serve this domain for this account, or it is stopped "
    "(code {cloud_code}, request {request_id}).": (
        "此域名不在该阿里云账号下或已停用（错误码 {cloud_code}，请求 {request_id}）。"
    ),
}
