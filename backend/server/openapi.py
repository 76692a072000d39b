"""The OpenAPI 3.0 description of the REST API, generated from the operations; 3.0 has the best generator support."""

from __future__ import annotations

from typing import Any

from backend.api.parameters import Choice, Flag
from backend.api.registry import Operation, Parameter, in_order
from backend.exports.download import Download
from backend.exports.file import MEDIA_TYPES
from backend.server.openapi_schemas import Schema, nullable, plain, ref, schemas_of
from backend.settings import Settings
from backend.version import VERSION

MAX_URL_LENGTH = 2048  # servers and proxies reject much longer URLs
INTRODUCTION = """\
Every operation answers HTTP 200 with an envelope; `code` in it says how it went. Other HTTP statuses come with the \
same envelope: 404 unknown path, 405 method, 413 body too large, 429 too many requests, 503 starting or stopping.

Parameters may stand in the query string, in a JSON object, or in a form, of which this description does not speak; \
the body wins, and what is empty counts as absent. The token is the parameter `consoletoken`, in any letter case, or \
`Authorization: Bearer`. Times are read and written in the time zone {zone}, unless an offset is given. Answers follow \
Accept-Language: Chinese or English. The list `SnapshotList` comes as `snapshotList` too, for clients that read that."""
CODES = {
    "200": ("成功", "done"),
    "400": ("参数缺失或有误，message 指出是哪一个", "a parameter is missing or wrong; the message names it"),
    "401": ("用户名或密码错误", "wrong user name or password"),
    "403": ("未登录、登录已过期或没有权限", "not signed in, the token expired, or the role may not do this"),
    "404": ("没有这样的视频、推荐、任务或路径", "no such video, recommendation, job or path"),
    "405": ("不支持此方法", "this method is not allowed here"),
    "409": ("当前状态不允许此操作", "refused in the present state of the video"),
    "408": ("请求未能及时传完", "the request took too long to arrive"),
    "413": ("请求体过大", "the body is too large"),
    "414": ("地址过长", "the address is too long"),
    "429": ("请求过多，请稍后再试", "too many requests; wait and try again"),
    "500": ("服务端出错，请提供 requestId", "our fault; quote the requestId"),
    "502": ("云服务拒绝或失败", "the cloud refused or failed"),
    "503": ("服务正在启动或停止", "the server is starting or stopping"),
}
# Chinese names of the operations; the first thirteen as in the API document.
CHINESE_SUMMARIES = {
    "getPrewarmQuota": "查询当日预热额度（云模式）",
    "getFeatures": "查询控制台的功能与各项限制",
    "createSessionTicket": "生成一次性票据，供浏览器保持登录",
    "getUsage": "查询云端用量：流量、存储、转码与播放（云模式）",
    "getDrift": "查询与视频点播的差异（云模式）",
    "mendDrift": "处理与视频点播的差异（云模式）",
    "getVideos": "查询条件获取视频列表",
    "submitTranscode": "发起非窄带高清转码",
    "createAudit": "手动人工审核",
    "submitTabTranscode": "发起窄带高清转码",
    "getVideoById": "根据videoId查询视频详情",
    "getRecommendVideos": "查询条件获取推荐视频列表",
    "recommendVideo": "推荐视频到推荐列表中",
    "pushObjectCache": "预热缓存",
    "getRecommendVideoById": "根据videoId查询推荐视频详情",
    "deleteVideoById": "删除视频",
    "getTrash": "查询回收站",
    "restoreVideo": "从回收站恢复视频",
    "purgeVideo": "彻底删除回收站中的视频",
    "undoAudit": "撤销最近一次审核",
    "deleteRecommendById": "取消推荐",
    "login": "控制台登录",
    "signOut": "控制台退出登录",
    "getPlayInfo": "获取视频的播放地址",
    "getAccount": "查询当前登录的账号及其权限",
    "uploadVideo": "上传视频文件",
    "editVideo": "修改标题、描述、标签或分类",
    "exportVideos": "将符合条件的视频导出为文件",
    "exportRecommendVideos": "将符合条件的推荐视频导出为文件",
    "createExportLink": "生成一次性的导出链接",
    "createUploadLinks": "生成一次性的上传链接",
    "getJobs": "查询任务列表",
    "retryJob": "重试失败的任务",
    "getJob": "查询一个任务",
    "getQueue": "查询进行中和排队中的任务，按执行顺序",
    "cancelJob": "取消任务",
    "retryFailedJobs": "重试全部失败的任务",
    "getHistory": "查询视频的操作记录",
    "getChanges": "查询操作记录的最新行号，以及这些视频此后的变更",
    "findHistory": "查询全部操作记录",
    "exportHistory": "将符合条件的操作记录导出为 CSV",
    "createHistoryLink": "生成一次性的操作记录导出链接",
    "changePassword": "修改自己的密码",
    "getOwnSessions": "查询自己的登录会话",
    "endOwnSession": "结束自己的一个会话",
    "endOtherSessions": "结束自己的其他会话",
    "getOwnTokens": "查询自己的 API 令牌",
    "createToken": "创建 API 令牌",
    "revokeOwnToken": "撤销自己的 API 令牌",
    "getAccounts": "查询账号列表",
    "addAccount": "添加账号",
    "editAccount": "修改账号的角色，停用或启用账号",
    "resetPassword": "重置账号的密码",
    "getSessions": "查询登录会话",
    "endSession": "结束一个会话",
    "getTokens": "查询 API 令牌",
    "revokeToken": "撤销 API 令牌",
    "checkObjectPaths": "检查待预热的地址",
    "getPrewarms": "查询预热记录",
    "getFacets": "按审核状态、分类和用户统计符合条件的视频数",
    "getStatistics": "查询概览统计数据",
    "getSprite": "查询视频的雪碧图及各小图的时间",
    "submitSnapshot": "重新生成封面、首帧、截图和雪碧图",
    "chooseCover": "用视频某一时刻的画面作封面",
    "getCategories": "查询全部分类",
    "addCategory": "添加分类",
    "renameCategory": "重命名分类",
    "deleteCategory": "删除分类及其下级分类",
    "getCacheRefreshes": "查询缓存刷新记录（云模式）",
    "getRefreshQuota": "查询当日缓存刷新额度（云模式）",
    "refreshCache": "刷新视频的缓存（云模式）",
    "createUploadAuth": "获取上传地址和上传凭证，供应用直传（云模式）",
    "refreshUploadAuth": "刷新上传凭证（云模式）",
    "pullVideos": "按地址拉取视频",
    "createAudits": "批量人工审核",
    "getTranscodeTemplates": "查询转码模板",
    "getWatermarks": "查询可用的水印（云模式）",
    "getReviewResults": "查询视频的机器审核结果（云模式）",
    "resubmitReview": "重新提交机器审核（云模式）",
}


def describe(settings: Settings) -> dict[str, Any]:
    """Return the OpenAPI description of all operations."""
    operations = in_order()
    data, components = schemas_of([one.answer for one in operations if _answers_data(one)])
    components["Envelope"] = _envelope({"type": "object", "nullable": True})
    components |= {
        _named(one, "Answer"): _envelope(nullable(data[str(one.answer)])) for one in operations if _answers_data(one)
    }
    components |= {_named(one, "Body"): _request(one) for one in operations if one.parameters}
    kinds = [parameter.kind for one in operations for parameter in one.parameters]
    components |= {kind.words.__name__: _enumeration(kind) for kind in kinds if isinstance(kind, Choice)}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Qu Console",
            "version": VERSION,
            "description": INTRODUCTION.format(zone=settings.time_zone.key),
        },
        "servers": [{"url": "/"}],
        "paths": {one.path: _path(one) for one in operations},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "consoletoken": {"type": "apiKey", "in": "query", "name": "consoletoken"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
            "responses": {"Refused": {"description": "A transport refusal.", "content": _json("Envelope")}},
        },
    }


def default_of(parameter: Parameter) -> Any:
    """Return the default of an optional parameter, or None."""
    default = parameter.default
    return str(default).lower() if isinstance(default, bool) else default or None


def _answers_data(operation: Operation) -> bool:
    return operation.answer not in (Download, type(None))


def _named(operation: Operation, what: str) -> str:
    return f"{operation.name[0].upper()}{operation.name[1:]}{what}"


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": ref(name)}}


def _path(operation: Operation) -> dict[str, Any]:
    post = _operation(operation, operation.name if operation.method == "POST" else f"{operation.name}ByPost")
    if operation.parameters:
        takes_file = any(one.is_file for one in operation.parameters)
        content = _json(_named(operation, "Body"))
        post["requestBody"] = {
            "required": operation.needs_body or any(one.required for one in operation.parameters),
            "content": {"multipart/form-data": content["application/json"]} if takes_file else content,
        }
    if "GET" not in operation.methods:
        return {"post": post}
    get = _operation(operation, operation.name)
    get["parameters"] = [_query_parameter(parameter) for parameter in operation.parameters]
    return {"get": get, "post": post}


def _operation(operation: Operation, name: str) -> dict[str, Any]:
    first, _, _ = operation.summary.partition("\n")
    described: dict[str, Any] = {
        "operationId": name,
        "summary": first,
        "tags": [operation.path.split("/")[-2]],
        "security": _security(operation),
        "responses": {
            "200": {"description": operation.message or "Done, or refused: see `code`.", "content": _answer(operation)},
            "default": {"$ref": "#/components/responses/Refused"},
        },
    }
    if operation.name in CHINESE_SUMMARIES:
        described["description"] = CHINESE_SUMMARIES[operation.name]
    if operation.right is not None:
        described["x-right"] = operation.right.value
    if operation.extension:
        described["x-extension"] = True
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.name == "login":
        return []
    tokens: list[dict[str, list[str]]] = [{"consoletoken": []}, {"bearer": []}]
    return tokens if operation.right is not None else [{}, *tokens]


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.answer is Download:  # a file; errors are sent as an envelope
        files = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES.values()}
        return {**files, **_json("Envelope")}
    return _json(_named(operation, "Answer") if _answers_data(operation) else "Envelope")


def _envelope(data: Schema) -> Schema:
    return {
        "type": "object",
        "required": ["result", "requestId", "message", "code", "data"],
        "properties": {
            "result": {"type": "string", "pattern": "^(true|false)$", "description": "`true` where it was done."},
            "requestId": {"type": "string", "format": "uuid"},
            "message": {"type": "string"},
            "code": {
                "type": "string",
                "description": "; ".join(f"{code}: {said}" for code, (_, said) in CODES.items()),
            },
            "data": data,
        },
    }


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    schema = _schema(parameter)
    if schema.get("maxLength", 0) > MAX_URL_LENGTH:
        schema["maxLength"] = MAX_URL_LENGTH
    return {"name": parameter.wire_name, "in": "query", "required": parameter.required, "schema": schema}


def _request(operation: Operation) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {one.wire_name: _schema(one) for one in operation.parameters},
    }
    if required := [one.wire_name for one in operation.parameters if one.required]:
        schema["required"] = required
    return schema


def _schema(parameter: Parameter) -> Schema:
    default, kind = default_of(parameter), parameter.kind
    if isinstance(kind, Choice):
        named = ref(kind.words.__name__)
        return named if default is None else {"allOf": [named], "default": default}
    schema = plain(kind.schema())
    if isinstance(kind, Flag):
        schema, default = {"type": "boolean"}, parameter.default
    return schema if default is None else {**schema, "default": default}


def _enumeration(choice: Choice) -> Schema:
    return {"type": "string", "enum": [word.value for word in choice.words if word.value]}  # empty counts as absent
