"""The errors in Chinese. Their English is the template itself, at the place that raises it."""

from __future__ import annotations

from backend.errors import ConsoleError
from backend.i18n.cloud_messages import CLOUD
from backend.i18n.wording import FORMER, NAMES, PLAINLY


def say(error: ConsoleError, language: str, *, plainly: bool = False) -> str:
    """Return an error's text in `language` (zh or en); `plainly` leaves out ids and what only the API calls so."""
    template = FORMER.get(error.template, error.template)
    english, chinese = template, CHINESE.get(template, template)
    if plainly:
        english, chinese = PLAINLY.get(template, (english, chinese))
    return error.say(chinese, NAMES) if language == "zh" else error.say(english)


CHINESE: dict[str, str] = {
    # Who may do what
    "Sign in first: the console token is missing, wrong or expired.": "请先登录：令牌缺失、错误或已过期。",
    "Your role ({role}) does not have the {right} permission.": ("你的角色（{role}）没有“{right}”权限。"),
    "The token {token} does not have the {right} permission.": ("令牌 {token} 没有“{right}”权限。"),
    "Accounts with the role {role} are for programs and cannot use the dashboard.": (
        "角色为“{role}”的账号供程序使用，不能登录控制台页面。"
    ),
    "Too many wrong passwords. Try again in {seconds} s.": "密码错误次数过多，请在 {seconds} 秒后重试。",
    "{name} is the last administrator. Make another account an administrator first.": (
        "{name} 是唯一的管理员，请先将另一个账号设为管理员。"
    ),
    "There is no session or token {session_id}. It may have ended.": "会话或令牌 {session_id} 不存在，可能已经结束。",
    "You already have a token named {name}. Choose another name.": "你已有名为 {name} 的令牌，请换一个名称。",
    "You have {most} tokens, which is the limit. Revoke one first.": ("你已有 {most} 个令牌，达到上限，请先撤销一个。"),
    "A token cannot have the {right} permission. Choose one of {rights}.": (
        "令牌不能有“{right}”权限，请选择 {rights} 之一。"
    ),
    "Your role ({role}) does not have the {right} permission, so your tokens cannot have it.": (
        "你的角色（{role}）没有“{right}”权限，因此你的令牌也不能有。"
    ),
    "endTime must be in the future, at most {days} days ahead.": "endTime 应在将来，最多 {days} 天之后。",
    "A password must not contain the character NUL.": "密码不能含有 NUL 字符。",
    "The user name or the password is wrong.": "用户名或密码错误。",
    "consoletoken is required, or userName and password.": "需要 consoletoken，或者 userName 和 password。",
    "A password needs {fewest} to {most} characters.": "密码长度应为 {fewest} 到 {most} 个字符。",
    "There is no account {name}.": "没有账号 {name}。",
    "There is already an account {name}. Choose another name.": "账号 {name} 已存在，请换一个名称。",
    "This link has expired or was already used. Request a new one.": "链接已失效，请重新获取。",
    "{name} looks like the account {other}. Choose another name.": "{name} 与账号 {other} 看起来相同，请换一个名称。",
    "A name needs visible characters, and no others.": "用户名只能由可见字符组成。",
    "Too many people are signing in right now. Try again in a moment.": "当前登录人数过多，请稍后再试。",
    "The console cannot be opened now; its log says why.": "控制台暂时无法打开，原因见日志。",
    "Too many connections are open. Try again in a moment.": "连接过多，请稍后重试。",
    "The page is not there yet. Many pages may be open right now; it tries again by itself.": (
        "页面还没有打开，可能是当前打开的页面过多；系统会自动重试。"
    ),
    "The page tries again by itself.": "页面会自动重试。",
    "Too many pages are open. Close some, or try again in a moment.": "打开的页面过多，请关闭一些页面，或稍后重试。",
    "You have {most} pages open, the most allowed. Close some.": "你已打开 {most} 个页面，达到上限，请关闭一些。",
    "The upload link has expired. Close the window and click Upload again.": (
        "上传链接已失效，请关闭窗口后重新点击“上传”。"
    ),
    "Requests from other sites are not allowed.": "不接受来自其他网站的请求。",
    # The trash and taking back
    "Video {video_id} is being deleted permanently right now. Check again in a minute.": (
        "视频 {video_id} 正在被彻底删除，请稍后再看。"
    ),
    "Video {video_id} is not in the trash. It may have been restored or permanently deleted.": (
        "视频 {video_id} 不在回收站中，可能已恢复或已彻底删除。"
    ),
    "There is no review of video {video_id} that can be undone.": "视频 {video_id} 没有可撤销的审核。",
    "The review of video {video_id} has changed since. Look at the video again.": (
        "视频 {video_id} 的审核结果已有变化，请重新查看。"
    ),
    "Since line {seen} of the history, {name} has changed video {video_id} ({action}, line {line}); "
    "look at it again.": (
        "在操作记录第 {seen} 条之后，{name} 更改了视频 {video_id}（{action}，第 {line} 条），请重新查看。"
    ),
    # Parameters
    "mediaIds has {count} ids; from 1 to {most} are allowed.": "mediaIds 有 {count} 个 ID，应为 1 到 {most} 个。",
    "videoIds has {count} ids; at most {most} are allowed.": "videoIds 有 {count} 个 ID，最多 {most} 个。",
    "{name} is required.": "缺少参数 {name}。",
    "{name} must be a single value.": "{name} 只能是单个值。",
    "{name} must be a whole number, got {raw!r}.": "{name} 应为整数，收到的是 {raw!r}。",
    "{name} must be from {low} to {high}, got {value}.": "{name} 应在 {low} 到 {high} 之间，收到的是 {value}。",
    "{name} is out of range.": "{name} 超出范围。",
    "{name} must be a number of at least 0, got {raw!r}.": "{name} 应为不小于 0 的数，收到的是 {raw!r}。",
    "{name} must be true or false, got {raw!r}.": "{name} 应为 true 或 false，收到的是 {raw!r}。",
    "{name} must be one of {words}; got {raw!r}.": "{name} 应为 {words} 之一，收到的是 {raw!r}。",
    "{name} contains {wrong}, which does not exist. Available: {words}.": (
        "{name} 中的 {wrong} 不存在，可用的有 {words}。"
    ),
    "{name} must be an http or https address, got {raw!r}.": "{name} 应为 http 或 https 地址，收到的是 {raw!r}。",
    "{name} must be a time like 2019-01-09 22:11:29 or a date like 2019-01-09, got {raw!r}.": (
        "{name} 应为时间（如 2019-01-09 22:11:29）或日期（如 2019-01-09），收到的是 {raw!r}。"
    ),
    "{name} has {length} characters; at most {most} are allowed.": "{name} 有 {length} 个字符，最多 {most} 个。",
    "{name} contains characters that are not valid text.": "{name} 含有无效字符。",
    "{name} {raw} is what a spreadsheet made of a long number; take the id from where it came from, into a column that "
    "is formatted as text.": "{name} {raw} 是电子表格对长数字的缩写；请从原处重新取得该 id，放入设为文本格式的列中。",
    "{name} must be a file, sent as multipart/form-data.": "{name} 应为文件，以 multipart/form-data 发送。",
    "A parameter contains characters that are not valid text.": "参数含有无效字符。",
    "No change was given.": "没有要修改的内容。",
    "title may not be empty.": "标题（title）不能为空。",
    "There is no category {cate_id}; send its cateName too.": "没有 ID 为 {cate_id} 的分类；请同时提供 cateName。",
    "This console has no transcode templates to choose from.": "控制台没有可选的转码模板。",
    "There is no template group {group_id}. See getTranscodeTemplates.": (
        "没有转码模板组 {group_id}，请参见 getTranscodeTemplates。"
    ),
    "The template group {group_id} is one of {operation}.": "转码模板组 {group_id} 应使用 {operation}。",
    "Video {video_id} was transcoded with this template already.": "视频 {video_id} 已用该模板转码过。",
    "Another transcode of video {video_id} waits or runs. Ask again when it is done.": (
        "视频 {video_id} 有另一个转码任务正在等待或进行，请完成后再试。"
    ),
    "The template group {group_id} has no watermark {watermark_id}; it has {known}.": (
        "转码模板组 {group_id} 没有水印 {watermark_id}，只有 {known}。"
    ),
    "The watermark {watermark_id} is a picture and has no text.": "水印 {watermark_id} 是图片，没有文字。",
    "There is no category {cate_id}.": "没有分类 {cate_id}。",
    "Categories have at most {most} levels.": "分类最多 {most} 级。",
    "A category has at most {most} below it.": "一个分类下最多有 {most} 个子分类。",
    "There is a category {name} already at this place.": "同级已有名为 {name} 的分类。",
    "Several categories are called {name} ({ids}); send the cateId.": ("有多个分类名为 {name}（{ids}），请传 cateId。"),
    "Category {cate_id} is called {called}, not {name}; send one of the two alone.": (
        "ID 为 {cate_id} 的分类名为“{called}”，不是“{name}”；请只提供其中一个。"
    ),
    "Category {name} has the id {number}, not {cate_id}; send one of the two alone.": (
        "分类“{name}”的 ID 为 {number}，不是 {cate_id}；请只提供其中一个。"
    ),
    "seconds must be within the {duration} seconds of the video, got {seconds}.": (
        "seconds 应在视频时长 {duration} 秒以内，收到的是 {seconds}。"
    ),
    "reason is required when status is Blocked.": "屏蔽时必须填写理由（reason）。",
    "reason has {length} bytes; at most {most} are allowed.": "理由（reason）有 {length} 字节，最多 {most} 字节。",
    "comment has {length} bytes; at most {most} are allowed.": "备注（comment）有 {length} 字节，最多 {most} 字节。",
    "password must not be in the URL, where it would be logged. Send it in the body.": (
        "password 不能放在 URL 中，否则会被记入日志；请放在请求体中。"
    ),
    "You have {most} exports running. Wait until one of them has finished.": (
        "你有 {most} 个导出正在进行，请等其中一个完成。"
    ),
    "{most} exports are already running, which is the limit. Try again soon.": (
        "已有 {most} 个导出正在进行，达到上限，请稍后再试。"
    ),
    # Requests
    "There is no operation {name}.": "没有操作 {name}。",
    "{path} does not exist.": "{path} 不存在。",
    "The file does not exist.": "文件不存在。",
    "The address has {length} bytes; at most {most} are allowed.": "地址长 {length} 字节，最多 {most} 字节。",
    "This is not a request that can be read as HTTP.": "这不是可识别的 HTTP 请求。",
    "The request took too long to arrive.": "请求未能及时传完。",
    "{method} is not allowed here; use {methods}.": "这里不能用 {method}，请用 {methods}。",
    "The body is larger than {limit} bytes.": "请求体超过 {limit} 字节。",
    "The Content-Type must be {form}, {json} or {multipart}; got {got!r}.": (
        "Content-Type 应为 {form}、{json} 或 {multipart}，收到的是 {got!r}。"
    ),
    "The Content-Type must be {json}.": "Content-Type 应为 {json}。",
    "The charset must be UTF-8, got {charset!r}.": "字符集应为 UTF-8，收到的是 {charset!r}。",
    "The JSON body must be an object.": "JSON 请求体应为对象。",
    "The body is not valid JSON: {why}": "请求体不是有效的 JSON：{why}",
    "The query string is not UTF-8.": "查询字符串不是 UTF-8。",
    "The form is not UTF-8.": "表单不是 UTF-8。",
    "More than {most} parameters were sent.": "参数超过 {most} 个。",
    "The Content-Type has no boundary.": "Content-Type 没有给出 boundary。",
    "The boundary of the multipart body is too long.": "multipart 的 boundary 太长。",
    "The multipart body is incomplete.": "multipart 请求体不完整。",
    "The multipart body is malformed.": "multipart 请求体格式错误。",
    "The form has more than {most} fields.": "表单字段超过 {most} 个。",
    "A part of the form has no name.": "表单中有一部分没有名字。",
    "The field {name} is larger than {most} bytes.": "字段 {name} 超过 {most} 字节。",
    "{name} may not be a file.": "{name} 不能是文件。",
    "{name} is not UTF-8.": "{name} 不是 UTF-8。",
    "Send one file at a time.": "一次只能发送一个文件。",
    "The console could not process this request. Give this number to the administrator: {request_id}": (
        "控制台处理此请求时出错。请将此编号告知管理员：{request_id}"
    ),
    "The database is not responding.": "数据库没有响应。",
    "The disk is full, so nothing was changed. Free some space and try again.": (
        "磁盘已满，未作任何更改。请清理空间后重试。"
    ),
    "The database is read-only now, so nothing was changed. Make its folder writable.": (
        "数据库目前只读，未作任何更改。请让数据目录可写。"
    ),
    "The database is damaged, so nothing was changed. Restore a backup.": "数据库已损坏，未作任何更改。请恢复备份。",
    "The database is busy, so nothing was changed. Try again.": "数据库正忙，未作任何更改。请重试。",
    "The database cannot be used now, so nothing was changed. Give this number to the administrator: {request_id}": (
        "数据库目前无法使用，未作任何更改。请将此编号告知管理员：{request_id}"
    ),
    "Metrics need the token of QU_METRICS_TOKEN, sent as Authorization: Bearer.": (
        "指标需要 QU_METRICS_TOKEN 的令牌，以 Authorization: Bearer 发送。"
    ),
    "Metrics can be read on this machine only, until QU_METRICS_TOKEN is set.": (
        "未设置 QU_METRICS_TOKEN 时，指标仅供本机读取。"
    ),
    "{url} is not a Qu Console server (HTTP {status}).": "{url} 不是趣视频控制台服务（HTTP {status}）。",
    "The console {url} cannot be reached ({why}).": "无法连接控制台 {url}（{why}）。",
    "The file cannot be read: {why}.": "无法读取文件：{why}。",
    # Catalogues that come in
    "A workbook cannot be imported; save its sheet as CSV UTF-8, and import that.": (
        "不能导入工作簿；请将工作表另存为 CSV UTF-8 后再导入。"
    ),
    "{file} is neither UTF-8 nor GB18030; save it as CSV UTF-8.": (
        "{file} 既不是 UTF-8 也不是 GB18030，请另存为 CSV UTF-8。"
    ),
    "{file} is a folder; name the files in it.": "{file} 是文件夹，请指定其中的文件。",
    "The line holds bytes that are not UTF-8.": "该行含有不是 UTF-8 的字节。",
    "{file} names the column {column} twice.": "{file} 中有两个名为 {column} 的列。",
    "{file} is one JSON array; in JSON lines, each line holds one object.": (
        "{file} 是一个 JSON 数组；JSON Lines 每行应为一个对象。"
    ),
    "A quotation mark in this line is not closed where a cell ends.": "这一行有引号未在单元格结尾处闭合。",
    "{file} has no column {missing}; its first line must name at least {needed}.": (
        "{file} 缺少列 {missing}，第一行至少应有 {needed}。"
    ),
    "The line is not valid CSV: {why}.": "这一行不是有效的 CSV：{why}。",
    "The line is not valid JSON: {why}": "这一行不是有效的 JSON：{why}",
    "The line must be a JSON object.": "这一行应为 JSON 对象。",
    "The line has {cells} cells, and the first line names {columns}.": "这一行有 {cells} 格，第一行有 {columns} 列。",
    "videoId {video_id} has been in this file before.": "videoId {video_id} 在文件中重复。",
    "videoId may hold 1 to 128 letters, digits, - and _; got {raw!r}.": (
        "videoId 应为 1 到 128 个字母、数字或 - _，收到的是 {raw!r}。"
    ),
    # Videos
    "There is no video {video_id}. It may have been deleted.": "没有视频 {video_id}，可能已被删除。",
    "User {user_id} has no video {video_id}.": "用户 {user_id} 没有视频 {video_id}。",
    "Video {video_id} is not recommended.": "视频 {video_id} 不在推荐列表中。",
    "Video {video_id} has not passed review (censorStatus is {status}). Approve it first.": (
        "视频 {video_id} 尚未通过审核（censorStatus 为 {status}），请先通过审核。"
    ),
    "The upload of video {video_id} has not finished (status is {status}).": (
        "视频 {video_id} 尚未上传完成（status 为 {status}）。"
    ),
    # Jobs
    "There is no job {job_id}.": "没有任务 {job_id}。",
    "This version cannot run jobs of the kind {kind}; a newer version is needed.": (
        "此版本没有 {kind} 类型的任务，需由更新的版本处理。"
    ),
    "Job {job_id} is {state}; only a failed job can be retried.": (
        "任务 {job_id} 的状态是“{state}”，只有失败的任务可以重试。"
    ),
    "Job {job_id} is {state}; only a waiting or running job can be cancelled.": (
        "任务 {job_id} 的状态是“{state}”，只有排队中或进行中的任务可以取消。"
    ),
    "The worker crashed {count} times while running this job. Check the server's log (often memory is short), "
    "then retry.": ("执行进程在运行此任务时意外终止了 {count} 次。请查看服务器日志（常见原因是内存不足），然后重试。"),
    "The job failed because of an internal error. The server's log has the details.": (
        "控制台内部错误导致任务失败，详情见服务器日志。"
    ),
    "The file is not in the state that was asked for.": "文件与请求所指的版本不一致。",
    "The disk could not be written: {why}.": "磁盘写入失败：{why}。",
    "The disk is full. Free some space and try again.": "磁盘已满，请清理空间后重试。",
    # Prewarming
    "Nothing was prewarmed, because some lines have problems ({count}): line {named}": (
        "有 {count} 行不能预热，因此全部没有预热。第 {named}"
    ),
    "objectPath has {count} addresses; from 1 to {most} are allowed.": (
        "objectPath 有 {count} 个地址，应为 1 到 {most} 个。"
    ),
    "it is longer than {most} characters": "超过 {most} 个字符",
    "it contains a space or a control character": "含有空格或控制字符",
    "it contains a backslash; write / in its place": "含有反斜杠，请改为 /",
    "it must begin with http:// or https://": "须以 http:// 或 https:// 开头",
    "it is not an address": "不是地址",
    "the host {host} is not one of those that can be prewarmed ({hosts})": "域名 {host} 不在可预热的域名（{hosts}）中",
    "it is a folder; give a file": "这是目录，请给出文件",
    "of this console, only files below /media are allowed": "本控制台的地址只能是 /media 下的文件",
    "the host {host} cannot be found": "域名 {host} 无法解析",
    "the host {host} points to this machine or its network": "域名 {host} 指向本机或内部网络",
    "{bad} of {count} addresses could not be fetched. The list below says why.": (
        "{count} 个地址中有 {bad} 个预热失败，原因见列表。"
    ),
    # Fetching
    "At most {most} addresses of yours may wait to be fetched, and with these it would be {count}. Nothing was added: "
    "give fewer, or wait until some have come in.": (
        "你等待拉取的地址最多 {most} 个，加上这次会有 {count} 个，因此一个也没有添加。"
        "请减少地址，或等一部分拉取完成后再试。"
    ),
    "At most {most} addresses may wait to be fetched, and with these it would be {count}. Nothing was added: "
    "give fewer, or wait until some have come in.": (
        "全部账号等待拉取的地址合计最多 {most} 个，加上这次会有 {count} 个，因此一个也没有添加。"
        "请减少地址，或等一部分拉取完成后再试。"
    ),
    "sourceUrl and sourceList have {count} addresses; from 1 to {most} are allowed.": (
        "sourceUrl 和 sourceList 共有 {count} 个地址，应为 1 到 {most} 个。"
    ),
    "Nothing was fetched, because some addresses have problems ({count}): {named}": (
        "有 {count} 个地址不能拉取，因此全部没有拉取。第 {named}"
    ),
    "sourceList must be a JSON list of objects, each with a sourceUrl.": (
        "sourceList 须是 JSON 对象的列表，每个对象有 sourceUrl。"
    ),
    "The address answered with HTTP {status}; open it in a browser to see why.": (
        "该地址返回 HTTP {status}，请在浏览器中打开查看原因。"
    ),
    "The file could not be fetched from {host}: {why}. Check the address, then try again.": (
        "无法从 {host} 拉取文件：{why}。请检查地址后重试。"
    ),
    "The address leads on to another one more than {most} times.": "该地址跳转超过 {most} 次。",
    # Files
    "The file is larger than {limit} MB.": "文件超过 {limit} MB。",
    "The file is empty. Send it again.": "文件是空的，请重新上传。",
    "The file cannot be opened as a video. Send an MP4, MOV, MKV, WebM, AVI, FLV, MPEG or WMV file that plays.": (
        "文件不能作为视频打开。请发送可以播放的 MP4、MOV、MKV、WebM、AVI、FLV、MPEG 或 WMV 文件。"
    ),
    "There is no video in the file, only sound or a still cover. Send a video.": (
        "文件中没有视频，只有声音或封面。请发送视频。"
    ),
    "The file is cut off: it should run {expected} seconds, but only {actual} are there. Send the whole file again.": (
        "文件不完整：应有 {expected} 秒，实际只有 {actual} 秒。请重新发送完整的文件。"
    ),
    "The video is {actual} hours long; at most {limit} are allowed. Upload it in parts.": (
        "视频长 {actual} 小时，最多 {limit} 小时。请分段上传。"
    ),
    "The picture is {width}x{height} pixels; at most {side} on a side and {millions} million in all are allowed. "
    "Scale it down.": "画面为 {width}x{height} 像素，边长最多 {side}，总数最多 {millions} 百万。请缩小后上传。",
    "The video cannot be decoded: the file is damaged or its format is not supported. Convert it to MP4 and send it "
    "again.": ("视频无法解码：文件已损坏或格式不受支持。请转换为 MP4 后重新发送。"),
    "The video is encrypted (copy protection). Send a copy that plays without a key.": (
        "视频已加密（版权保护）。请发送不需要密钥就能播放的文件。"
    ),
    "The video is Dolby Vision profile {profile}, whose colours no ordinary screen can show. "
    "Export it as HDR10, HLG or SDR and send that.": (
        "视频是杜比视界 Profile {profile}，普通屏幕无法正确显示其颜色。请导出为 HDR10、HLG 或 SDR 后重新发送。"
    ),
    "{name} cannot be the name of a video.": "{name} 不能作为视频的名字。",
    "There are no files of the video {video_id} here.": "这里没有视频 {video_id} 的文件。",
    "The source of the video {video_id} is gone. Upload it again.": "视频 {video_id} 的源文件已丢失，请重新上传。",
    "No pictures could be taken from the video, though the file may be fine. See the technical details.": (
        "未能从视频中截图，文件本身可能没有问题，请查看技术详情。"
    ),
    "The file ends early: only {actual} of its {expected} seconds are there. Upload the whole file again.": (
        "文件不完整：共 {expected} 秒，只有 {actual} 秒。请重新上传完整的文件。"
    ),
    "The file is damaged at {moment}: only {actual} of its {expected} seconds can be shown. Upload it again.": (
        "文件在 {moment} 处损坏：共 {expected} 秒，只有 {actual} 秒可以播放。请重新上传。"
    ),
    "The file is damaged: hardly any of its pictures can be decoded. Upload it again.": (
        "文件已损坏：几乎没有画面可以解码。请重新上传。"
    ),
    "ffmpeg could not encode the video, though the file may be fine. See the technical details.": (
        "ffmpeg 未能转码这个视频，文件本身可能没有问题，请查看技术详情。"
    ),
    "The file has more than {limit} million packets. Convert it to MP4 and send it again.": (
        "文件由超过 {limit} 百万个数据包组成。请转换为 MP4 后重新发送。"
    ),
    "The video has {pictures} pictures of {width}x{height}, {actual} gigapixels in all; at most {limit} are allowed "
    "(QU_MAX_GIGAPIXELS). Scale it down, or cut it into parts.": (
        "视频有 {pictures} 帧 {width}x{height} 的画面，共 {actual} 千兆像素，"
        "最多 {limit}（QU_MAX_GIGAPIXELS）。请缩小或分段上传。"
    ),
    "The video uses the codec {codec}, which cannot be decoded here. Convert it to MP4 and send it again.": (
        "视频编码为 {codec}，这里无法解码。请转换为 MP4 后重新发送。"
    ),
    "Encoding used more processor time than a video of this length may. Make it smaller and upload it again.": (
        "转码用时超过了这个长度的视频允许的上限。请缩小后重新上传。"
    ),
    "There is no ffmpeg on this machine. Install the Python package imageio-ffmpeg, or set QU_FFMPEG.": (
        "这台机器上没有 ffmpeg。请安装 Python 包 imageio-ffmpeg，或设置 QU_FFMPEG。"
    ),
    "QU_FFMPEG names {path}, which is not a program that can be run.": "QU_FFMPEG 指定的 {path} 不是可以运行的程序。",
    "ffmpeg cannot be started: {why}.": "ffmpeg 无法启动：{why}。",
    "ffmpeg made no progress for {seconds} seconds and was stopped. Try again, or convert the file to MP4 first.": (
        "ffmpeg 有 {seconds} 秒没有进展，已停止。请重试，或先把文件转换为 MP4。"
    ),
    "This ffmpeg has no encoder libx264. Install the Python package imageio-ffmpeg.": (
        "这个 ffmpeg 没有编码器 libx264。请安装 Python 包 imageio-ffmpeg。"
    ),
    "The demo clip {title} cannot be made with this ffmpeg. Install the Python package imageio-ffmpeg.": (
        "这个 ffmpeg 无法生成演示视频 {title}。请安装 Python 包 imageio-ffmpeg。"
    ),
    **CLOUD,
}
