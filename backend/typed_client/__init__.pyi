"""Made by `make client` from the operations; not to be edited."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from backend.api.feed_wire import FeedData
from backend.api.wire import (
    EditedVideo,
    PlayInfoList,
    RecommendedDetail,
    RecommendedPage,
    TokenData,
    UploadedVideo,
    VideoDetail,
    VideoPage,
)
from backend.auth.permissions import (
    Right,
    Role,
)
from backend.exports.columns import FileFormat
from backend.exports.download import Download
from backend.model import (
    CensorStatus,
    JobKind,
    JobState,
    SnapshotStatus,
    Sort,
    TranscodeStatus,
    Verdict,
)
from backend.model.bulks import BulkAction
from backend.model.feed import FeedEvent
from backend.model.feed_statistics import FigureGroup
from backend.model.figures import PeriodLength
from backend.model.reports import ReportReason
from backend.model.review import DeskPreferences
from backend.model.review_quality import Sampling
from backend.model.review_queues import (
    Arrival,
    QueueOrder,
)
from backend.model.sheets import RowKind
from backend.model.views import (
    ViewPage,
    ViewScope,
)
from backend.model.warm_plan import PlanState
from backend.model.webhooks import DeliveryState
from backend.operations.accounts import (
    EndedData,
    KnownAccount,
    NewPassword,
    NewToken,
    SessionData,
    TokenInfo,
)
from backend.operations.bulks import (
    BulkDetail,
    BulkList,
)
from backend.operations.categories import (
    CategoryData,
    CategoryList,
    DeletedCategory,
)
from backend.operations.cdn_refreshes import (
    RefreshList,
    RefreshQuotaData,
)
from backend.operations.cloud_uploads import UploadAuthData
from backend.operations.covers import SpriteData
from backend.operations.drift import (
    DriftData,
    QuotaData,
    Side,
)
from backend.operations.exports import LinkData
from backend.operations.features import FeaturesData
from backend.operations.feed_events import ReportedEvents
from backend.operations.feed_keys import (
    FeedKeyData,
    FeedKeyList,
)
from backend.operations.feed_statistics import FeedStatisticsData
from backend.operations.figure_tables import Figure
from backend.operations.figures import (
    FigureLink,
    FigureTableData,
)
from backend.operations.history import (
    ChangesData,
    HistoryData,
    HistoryLink,
    HistoryPage,
)
from backend.operations.jobs import (
    CountData,
    JobData,
    JobPage,
)
from backend.operations.machine_reviews import ReviewData
from backend.operations.prewarm import (
    CheckedLineData,
    PrewarmPage,
)
from backend.operations.prewarm_plan import (
    PrewarmHistoryPage,
    PrewarmPlanData,
    SentPlanData,
)
from backend.operations.programme import (
    LineupData,
    LineupDifference,
    LineupList,
    PreviewData,
    ProgrammeData,
    SlotList,
    VideoSlots,
)
from backend.operations.programme_changes import (
    ChangedEntry,
    CopiedWeek,
    DeletedSlot,
    MovedEntry,
    RestoredLineup,
    RevisionNow,
    SavedSpecial,
)
from backend.operations.pulls import PullData
from backend.operations.review_agreement import AgreementFigures
from backend.operations.review_choices import (
    ReasonData,
    ReasonList,
)
from backend.operations.review_desk import (
    DecidedData,
    OpenedDesk,
    OwnDecisions,
    PassedData,
    UndoneData,
)
from backend.operations.review_differences import (
    DifferenceList,
    SettledData,
)
from backend.operations.review_figures import FiguresData
from backend.operations.review_leases import (
    HeldList,
    LeaseCount,
    QueueData,
    RenewedList,
    TakenData,
)
from backend.operations.review_queues import (
    EditedQueue,
    Moved,
    PlaceList,
    PriorityData,
    QueueList,
)
from backend.operations.reviews import JudgedList
from backend.operations.sheets import (
    AppliedData,
    AppliedSheets,
    SheetData,
)
from backend.operations.sign_in import (
    AccountData,
    SessionTicketData,
    SignInData,
)
from backend.operations.similar_videos import SimilarList
from backend.operations.statistics import StatisticsData
from backend.operations.technical_flags import FlagsData
from backend.operations.templates import (
    TemplateGroupList,
    WatermarkList,
)
from backend.operations.trash import TrashPage
from backend.operations.usage import UsageData
from backend.operations.video_filters import (
    FeedState,
    FlagFilter,
    Rendition,
)
from backend.operations.video_reports import (
    ReportedData,
    VideoReportList,
)
from backend.operations.videos import FacetsData
from backend.operations.views import (
    ViewData,
    ViewList,
)
from backend.operations.webhooks import (
    AttemptData,
    DeliveryList,
    WebhookList,
    WebhookSecret,
)
from backend.typed_client.calls import (
    CallFailed,
    OperationClient,
)

__all__ = ["CallFailed", "ConsoleClient"]

class ConsoleClient(OperationClient):
    def get_videos(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
        video_id: str | None = None,
        user_id: str | None = None,
        title: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        user_name: str | None = None,
        censor_status: CensorStatus | None = None,
        cate_id: int | None = None,
        transcode_status: Rendition | None = None,
        narrow_transcode_status: Rendition | None = None,
        is_recommend: bool | None = None,
        tags: str | None = None,
        min_duration: float | None = None,
        max_duration: float | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        technical_flag: FlagFilter | None = None,
        min_reports: int | None = None,
        sort: Sort | None = None,
    ) -> VideoPage:
        """List matching videos, newest first, with the exact total. Parameters from `cateId` on are extensions."""

    def submit_transcode(
        self,
        *,
        media_id: str,
        template_group_id: str | None = None,
        watermark_id: str | None = None,
        watermark_text: str | None = None,
    ) -> None:
        """Queue a plain transcode."""

    def create_audit(
        self,
        *,
        media_id: str,
        status: Verdict,
        reason: str | None = None,
        comment: str | None = None,
        seen_line: int | None = None,
        reason_code: str | None = None,
    ) -> None:
        """Record a verdict on a video whose upload has finished."""

    def submit_tab_transcode(
        self,
        *,
        media_id: str,
        template_group_id: str | None = None,
        watermark_id: str | None = None,
        watermark_text: str | None = None,
    ) -> None:
        """Queue a narrow-band HD transcode."""

    def get_video_by_id(
        self,
        *,
        video_id: str,
    ) -> VideoDetail:
        """Return one video."""

    def get_recommend_videos(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
        video_id: str | None = None,
        user_id: str | None = None,
        title: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        user_name: str | None = None,
        censor_status: CensorStatus | None = None,
        cate_id: int | None = None,
        transcode_status: Rendition | None = None,
        narrow_transcode_status: Rendition | None = None,
        is_recommend: bool | None = None,
        tags: str | None = None,
        min_duration: float | None = None,
        max_duration: float | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        technical_flag: FlagFilter | None = None,
        min_reports: int | None = None,
        sort: Sort | None = None,
        state: FeedState | None = None,
    ) -> RecommendedPage:
        """List matching recommendations that are live, newest start first; times are those of the start."""

    def recommend_video(
        self,
        *,
        video_id: str,
        title: str | None = None,
        user_id: str | None = None,
        description: str | None = None,
        duration: float | None = None,
        cover_url: str | None = None,
        size: int | None = None,
        tags: str | None = None,
        cate_id: int | None = None,
        cate_name: str | None = None,
        first_frame_url: str | None = None,
        transcode_status: TranscodeStatus | None = None,
        snapshot_status: SnapshotStatus | None = None,
        censor_status: CensorStatus | None = None,
        is_narrow: bool | None = None,
        is_cache: bool | None = None,
        seen_line: int | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        pin: int | None = None,
        slot: str | None = None,
        note: str | None = None,
        revision: int | None = None,
    ) -> None:
        """Add an approved video to the recommended feed; absent values come from the catalogue."""

    def push_object_cache(
        self,
        *,
        object_path: str,
    ) -> None:
        """Prewarm the files at these URLs, one per line, with or without http://: all, or none if one is invalid."""

    def get_recommend_video_by_id(
        self,
        *,
        video_id: str,
    ) -> RecommendedDetail:
        """Return one entry of the recommended feed, with its images and renditions."""

    def delete_video_by_id(
        self,
        *,
        video_id: str,
        user_id: str,
        seen_line: int | None = None,
    ) -> None:
        """Delete a video of this owner, with its media and its recommendation."""

    def delete_recommend_by_id(
        self,
        *,
        video_id: str,
        seen_line: int | None = None,
        slot: str | None = None,
        revision: int | None = None,
    ) -> None:
        """Remove a video from the recommended feed. `seenLine` is as for createAudit, `revision` as in editRecommend."""

    def login(
        self,
        *,
        user_name: str,
        password: str,
    ) -> TokenData:
        """Sign in. An account can have several sessions."""

    def sign_out(
        self,
        *,
        user_name: str | None = None,
        password: str | None = None,
    ) -> None:
        """End the session of the token; with userName and password instead, end all sessions of that account."""

    def change_password(
        self,
        *,
        old_password: str,
        new_password: str,
    ) -> None:
        """Change your own password; the old one is required. All other sessions of the account end; API tokens are kept."""

    def get_own_sessions(
        self,
    ) -> list[SessionData]:
        """List your own sessions, most recently seen first."""

    def end_own_session(
        self,
        *,
        session_id: str,
    ) -> None:
        """End one of your own sessions."""

    def end_other_sessions(
        self,
    ) -> EndedData:
        """End all of your own sessions except the current one, and return how many."""

    def get_own_tokens(
        self,
    ) -> list[TokenInfo]:
        """List your own API tokens, most recently used first."""

    def create_token(
        self,
        *,
        name: str,
        right: Right,
        end_time: datetime | str,
    ) -> NewToken:
        """Create an API token: a console token for programs, with a name, a permission of your role and an expiry date."""

    def revoke_own_token(
        self,
        *,
        token_id: str,
    ) -> None:
        """Revoke one of your own API tokens."""

    def get_accounts(
        self,
    ) -> list[KnownAccount]:
        """List all accounts, sorted by name."""

    def add_account(
        self,
        *,
        user_name: str,
        role: Role,
        password: str | None = None,
    ) -> NewPassword:
        """Add an account."""

    def edit_account(
        self,
        *,
        user_name: str,
        role: Role | None = None,
        disabled: bool | None = None,
    ) -> None:
        """Change the role of an account, or disable or enable it."""

    def reset_password(
        self,
        *,
        user_name: str,
        password: str | None = None,
    ) -> NewPassword:
        """Reset the password of an account; its sessions end and its API tokens are revoked."""

    def get_sessions(
        self,
        *,
        user_name: str | None = None,
    ) -> list[SessionData]:
        """List open sessions, of one account or of all, most recently seen first."""

    def end_session(
        self,
        *,
        session_id: str,
    ) -> None:
        """End any session."""

    def get_tokens(
        self,
        *,
        user_name: str | None = None,
    ) -> list[TokenInfo]:
        """List API tokens, of one account or of all, most recently used first."""

    def revoke_token(
        self,
        *,
        token_id: str,
    ) -> None:
        """Revoke any API token."""

    def start_bulk(
        self,
        *,
        action: BulkAction,
        video_id: str | None = None,
        user_id: str | None = None,
        title: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        user_name: str | None = None,
        censor_status: CensorStatus | None = None,
        cate_id: int | None = None,
        transcode_status: Rendition | None = None,
        narrow_transcode_status: Rendition | None = None,
        is_recommend: bool | None = None,
        tags: str | None = None,
        min_duration: float | None = None,
        max_duration: float | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        technical_flag: FlagFilter | None = None,
        min_reports: int | None = None,
        reason: str | None = None,
        reason_code: str | None = None,
        comment: str | None = None,
        is_narrow: bool | None = None,
        is_cache: bool | None = None,
        new_cate_id: int | None = None,
        new_cate_name: str | None = None,
        changed_tags: str | None = None,
        expected_total: int | None = None,
        seen_line: int | None = None,
    ) -> BulkDetail:
        """Queue one action on all videos that match the filters now, at most 50,000."""

    def get_bulks(
        self,
    ) -> BulkList:
        """List the last 20 actions on many videos, latest first."""

    def get_bulk(
        self,
        *,
        bulk_id: str,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> BulkDetail:
        """Return an action on many videos, with a page of those to which nothing was done. It is kept for 30 days."""

    def cancel_bulk(
        self,
        *,
        bulk_id: str,
    ) -> None:
        """Stop an action on many videos; what was done stays, and can be undone."""

    def undo_bulk(
        self,
        *,
        bulk_id: str,
    ) -> BulkDetail:
        """Queue taking back everything that an action on many videos did, but for transcoding and prewarming."""

    def get_categories(
        self,
    ) -> CategoryList:
        """List all categories in tree order. `total` counts a category's own videos, without those of its subcategories."""

    def add_category(
        self,
        *,
        cate_name: str,
        parent_id: int | None = None,
    ) -> CategoryData:
        """Add a category, under a parent or at the root; in cloud mode also at VOD."""

    def rename_category(
        self,
        *,
        cate_id: int,
        cate_name: str,
    ) -> None:
        """Rename a category, which also updates its videos; in cloud mode also at VOD."""

    def delete_category(
        self,
        *,
        cate_id: int,
    ) -> DeletedCategory:
        """Delete a category and its subcategories; in cloud mode also at VOD. Their videos are kept, without a category."""

    def get_jobs(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
        video_id: str | None = None,
        kind: JobKind | None = None,
        state: JobState | None = None,
    ) -> JobPage:
        """List jobs, newest first, or most recently finished first if `state` is final."""

    def retry_job(
        self,
        *,
        job_id: str,
    ) -> None:
        """Queue a failed job again."""

    def get_job(
        self,
        *,
        job_id: str,
    ) -> JobData:
        """Return one job."""

    def get_queue(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> JobPage:
        """List running and queued jobs in execution order."""

    def cancel_job(
        self,
        *,
        job_id: str,
    ) -> None:
        """Cancel a queued or running job."""

    def retry_failed_jobs(
        self,
    ) -> CountData:
        """Queue all failed jobs again and return how many."""

    def check_object_paths(
        self,
        *,
        object_path: str | None = None,
    ) -> list[CheckedLineData]:
        """Validate each line as pushObjectCache would, and return the problem if it would be rejected."""

    def get_prewarms(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> PrewarmPage:
        """List prewarm batches, newest first, with the state of every URL."""

    def get_cache_refreshes(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
        video_id: str | None = None,
    ) -> RefreshList:
        """List pending CDN refreshes: blocked or deleted videos that the CDN may still serve, newest first."""

    def get_refresh_quota(
        self,
    ) -> RefreshQuotaData:
        """Return today's refresh quota. Cloud mode only."""

    def refresh_cache(
        self,
        *,
        video_id: str,
    ) -> None:
        """Refresh the CDN cache of a video, or retry a failed refresh now. Cloud mode only."""

    def refresh_object_cache(
        self,
        *,
        object_path: str,
    ) -> None:
        """Have the CDN drop its copies of these URLs, one per line, as in pushObjectCache. Cloud mode only."""

    def export_videos(
        self,
        *,
        format: FileFormat | None = None,
        columns: str | None = None,
        sort: Sort | None = None,
        video_id: str | None = None,
        user_id: str | None = None,
        title: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        user_name: str | None = None,
        censor_status: CensorStatus | None = None,
        cate_id: int | None = None,
        transcode_status: Rendition | None = None,
        narrow_transcode_status: Rendition | None = None,
        is_recommend: bool | None = None,
        tags: str | None = None,
        min_duration: float | None = None,
        max_duration: float | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        technical_flag: FlagFilter | None = None,
        min_reports: int | None = None,
    ) -> Download:
        """Export all matching videos as a file, in order, streamed. Without `columns`, all are included."""

    def export_recommend_videos(
        self,
        *,
        format: FileFormat | None = None,
        columns: str | None = None,
        sort: Sort | None = None,
        state: FeedState | None = None,
        video_id: str | None = None,
        user_id: str | None = None,
        title: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        user_name: str | None = None,
        censor_status: CensorStatus | None = None,
        cate_id: int | None = None,
        transcode_status: Rendition | None = None,
        narrow_transcode_status: Rendition | None = None,
        is_recommend: bool | None = None,
        tags: str | None = None,
        min_duration: float | None = None,
        max_duration: float | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        technical_flag: FlagFilter | None = None,
        min_reports: int | None = None,
    ) -> Download:
        """Export all matching recommendations in a state as a file, as exportVideos does; times are those of the start."""

    def create_export_link(
        self,
        *,
        recommended: bool | None = None,
        format: FileFormat | None = None,
        columns: str | None = None,
        sort: Sort | None = None,
        state: FeedState | None = None,
        video_id: str | None = None,
        user_id: str | None = None,
        title: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        user_name: str | None = None,
        censor_status: CensorStatus | None = None,
        cate_id: int | None = None,
        transcode_status: Rendition | None = None,
        narrow_transcode_status: Rendition | None = None,
        is_recommend: bool | None = None,
        tags: str | None = None,
        min_duration: float | None = None,
        max_duration: float | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        technical_flag: FlagFilter | None = None,
        min_reports: int | None = None,
    ) -> LinkData:
        """Create a link that downloads the file of exportVideos (or exportRecommendVideos) once, within a minute."""

    def upload_video(
        self,
        *,
        file: Path,
        title: str | None = None,
        description: str | None = None,
        tags: str | None = None,
        cate_id: int | None = None,
        cate_name: str | None = None,
        user_id: str | None = None,
        user_name: str | None = None,
    ) -> UploadedVideo:
        """Upload a video file (multipart)."""

    def create_upload_links(
        self,
        *,
        count: int | None = None,
    ) -> list[LinkData]:
        """Create links that accept one uploadVideo each, within an hour, so that a browser can upload without a token."""

    def create_upload_auth(
        self,
        *,
        file_name: str,
        title: str | None = None,
        description: str | None = None,
        tags: str | None = None,
        cate_id: int | None = None,
        cate_name: str | None = None,
        user_id: str | None = None,
        user_name: str | None = None,
        reference_id: str | None = None,
    ) -> UploadAuthData:
        """Create a video whose file an app uploads directly to OSS with Alibaba's upload SDK. Cloud mode only."""

    def refresh_upload_auth(
        self,
        *,
        video_id: str,
        user_id: str | None = None,
    ) -> UploadAuthData:
        """Issue new credentials for an upload whose credentials have expired. Cloud mode only."""

    def get_sprite(
        self,
        *,
        video_id: str,
    ) -> SpriteData:
        """Return the sprite of a video and the time of each tile."""

    def submit_snapshot(
        self,
        *,
        media_id: str,
    ) -> None:
        """Queue a new cover, first frame, snapshots and sprite. A cover chosen by a person is kept."""

    def choose_cover(
        self,
        *,
        media_id: str,
        seconds: float,
        seen_line: int | None = None,
    ) -> None:
        """Set the frame at this second as the cover of a video; the last choice wins."""

    def get_prewarm_quota(
        self,
    ) -> QuotaData:
        """Return how many URLs can be prefetched today. Cloud mode only."""

    def get_drift(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
        what: str | None = None,
    ) -> DriftData:
        """List differences between the catalogue and VOD, newest first. Cloud mode only."""

    def mend_drift(
        self,
        *,
        video_id: str,
        what: str,
        use: Side,
    ) -> None:
        """Resolve a difference; `use` is the side whose value is kept. Cloud mode only."""

    def get_history(
        self,
        *,
        video_id: str,
    ) -> list[HistoryData]:
        """Return the history of a video, newest first, at most 100 lines."""

    def find_history(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
        user_name: str | None = None,
        way: str | None = None,
        action: str | None = None,
        target: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
    ) -> HistoryPage:
        """List matching changes of all users, newest first, with the exact total."""

    def get_changes(
        self,
        *,
        video_ids: str | None = None,
        seen_line: int | None = None,
    ) -> ChangesData:
        """Return the newest line of the history, to be sent as `seenLine` with later changes of the videos just read."""

    def export_history(
        self,
        *,
        user_name: str | None = None,
        way: str | None = None,
        action: str | None = None,
        target: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
    ) -> Download:
        """Export all matching history as CSV, newest first, streamed. The export itself is recorded in the history."""

    def create_history_link(
        self,
        *,
        user_name: str | None = None,
        way: str | None = None,
        action: str | None = None,
        target: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
    ) -> HistoryLink:
        """Create a link that downloads exportHistory's file once, within a minute, without a token."""

    def pull_videos(
        self,
        *,
        source_url: str | None = None,
        source_list: str | None = None,
        title: str | None = None,
        description: str | None = None,
        tags: str | None = None,
        cate_id: int | None = None,
        cate_name: str | None = None,
        user_id: str | None = None,
        user_name: str | None = None,
    ) -> list[PullData]:
        """Fetch videos from URLs: all, or none if one is invalid."""

    def create_audits(
        self,
        *,
        media_ids: str,
        status: Verdict,
        reason: str | None = None,
        comment: str | None = None,
        seen_line: int | None = None,
        reason_code: str | None = None,
    ) -> JudgedList:
        """Record the same verdict on up to 100 videos (comma-separated ids); each succeeds or fails on its own."""

    def undo_audit(
        self,
        *,
        video_id: str,
        request_id: str | None = None,
    ) -> None:
        """Undo the last verdict on a video; the recommendation it ended is restored."""

    def get_transcode_templates(
        self,
    ) -> TemplateGroupList:
        """List the template groups available for transcodes. Empty in embedded mode."""

    def get_watermarks(
        self,
    ) -> WatermarkList:
        """List the watermarks used by templates. Empty in embedded mode."""

    def get_features(
        self,
    ) -> FeaturesData:
        """Return the features and limits of this console. They change only at a restart."""

    def get_feed(
        self,
        *,
        key: str,
        slot: str | None = None,
        cursor: str | None = None,
        page_size: int | None = None,
    ) -> FeedData:
        """Return a page of what the app shows, in its order. Needs a key of the feed, and no token."""

    def report_events(
        self,
        *,
        key: str,
        batch_id: str,
        sent_at: int,
        events: Sequence[FeedEvent],
    ) -> ReportedEvents:
        """Count what a phone reports of the feed: at most 100 events and 64 KB. Needs a key of the feed, and no token."""

    def get_feed_keys(
        self,
    ) -> FeedKeyList:
        """List the valid keys of the app's feed, oldest first."""

    def add_feed_key(
        self,
    ) -> FeedKeyData:
        """Create a key of the app's feed, the first one or the next one; at most two are valid."""

    def retire_feed_key(
        self,
        *,
        key_id: int,
    ) -> None:
        """End a key of the app's feed at once; phones that use it are refused."""

    def get_feed_statistics(
        self,
        *,
        slot: str | None = None,
        by: FigureGroup | None = None,
        video_id: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        days: int | None = None,
        page_size: int | None = None,
    ) -> FeedStatisticsData:
        """Return what phones reported of the feed by clip, place, hour or revision."""

    def get_figures(
        self,
        *,
        figure: Figure,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        by: PeriodLength | None = None,
        user_id: str | None = None,
        cate_id: int | None = None,
        reviewer: str | None = None,
    ) -> FigureTableData:
        """Return a table of figures by day, week or month: the last 30 days, if no times are given."""

    def export_figures(
        self,
        *,
        figure: Figure,
        format: FileFormat | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        by: PeriodLength | None = None,
        user_id: str | None = None,
        cate_id: int | None = None,
        reviewer: str | None = None,
    ) -> Download:
        """Export the table of getFigures as a file."""

    def create_figures_link(
        self,
        *,
        figure: Figure,
        format: FileFormat | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        by: PeriodLength | None = None,
        user_id: str | None = None,
        cate_id: int | None = None,
        reviewer: str | None = None,
    ) -> FigureLink:
        """Create a link that downloads exportFigures' file once, within a minute, without a token."""

    def get_review_results(
        self,
        *,
        video_id: str,
    ) -> ReviewData:
        """Return the stored result of a video's machine review, without waiting for VOD."""

    def resubmit_review(
        self,
        *,
        media_id: str,
        template_id: str | None = None,
    ) -> None:
        """Submit a video to VOD's machine review (again), which is billed. Cloud mode only."""

    def get_prewarm_plan(
        self,
        *,
        slot: str | None = None,
        video_id: str | None = None,
        state: PlanState | None = None,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> PrewarmPlanData:
        """Return what of the programme should be in the CDN's cache until the end of tomorrow, most urgent first."""

    def get_prewarm_history(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> PrewarmHistoryPage:
        """List what was sent to the CDN, newest first: by whom and why, with the state of every URL."""

    def send_prewarm_plan(
        self,
        *,
        slot: str | None = None,
        video_id: str | None = None,
    ) -> SentPlanData:
        """Send now what of the plan is not warm: what is live, starts soon, failed or waits for quota."""

    def get_slots(
        self,
    ) -> SlotList:
        """Return the slots of the app, with their rules and revisions."""

    def get_video_slots(
        self,
        *,
        video_id: str,
    ) -> VideoSlots:
        """Return the slots in which a video is live or scheduled; specials are not counted."""

    def get_programme(
        self,
        *,
        slot: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
    ) -> ProgrammeData:
        """Return what is planned for a slot, by default in this week, with the conflicts to come."""

    def preview_feed(
        self,
        *,
        slot: str | None = None,
        time: datetime | str | None = None,
        specials: bool | None = None,
    ) -> PreviewData:
        """Return what a slot shows at a time, by default now, with the reason of every place and of everybody left out."""

    def get_lineups(
        self,
        *,
        slot: str | None = None,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> LineupList:
        """Return the kept revisions of a slot, newest first: the last 500, and all of 90 days."""

    def get_lineup(
        self,
        *,
        revision: int,
        slot: str | None = None,
    ) -> LineupData:
        """Return a revision of a slot with its entries."""

    def compare_lineups(
        self,
        *,
        revision: int,
        other: int | None = None,
        slot: str | None = None,
    ) -> LineupDifference:
        """Return which entries changed from a revision of a slot to another, by default the present one."""

    def edit_recommend(
        self,
        *,
        video_id: str,
        slot: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        pin: int | None = None,
        rank: int | None = None,
        note: str | None = None,
        revision: int | None = None,
    ) -> ChangedEntry:
        """Change window, pin, rank or note of an entry; absent parameters stay unchanged."""

    def move_recommend(
        self,
        *,
        video_id: str,
        slot: str | None = None,
        place: int | None = None,
        before: str | None = None,
        after: str | None = None,
        note: str | None = None,
        revision: int | None = None,
    ) -> MovedEntry:
        """Move an entry to a place (from 1), or before or after another shown video."""

    def restore_lineup(
        self,
        *,
        lineup: int,
        slot: str | None = None,
        note: str | None = None,
        revision: int | None = None,
    ) -> RestoredLineup:
        """Make a new revision of a slot with the entries of the revision `lineup`. Specials and rules stay as they are."""

    def copy_week(
        self,
        *,
        to_date: datetime | str,
        from_date: datetime | str | None = None,
        slot: str | None = None,
        note: str | None = None,
        revision: int | None = None,
    ) -> CopiedWeek:
        """Copy what began in one week, by default this one, to the same wall times of another."""

    def save_special(
        self,
        *,
        slot: str | None = None,
        special_id: str | None = None,
        name: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        priority: int | None = None,
        video_ids: str | None = None,
        note: str | None = None,
        revision: int | None = None,
    ) -> SavedSpecial:
        """Add a special to a slot, or change the one with this id; absent parameters stay unchanged."""

    def delete_special(
        self,
        *,
        special_id: str,
        slot: str | None = None,
        revision: int | None = None,
    ) -> RevisionNow:
        """Delete a special; the slot shows its own entries again. `revision` as in editRecommend."""

    def save_slot(
        self,
        *,
        slot: str,
        name: str | None = None,
        size: int | None = None,
        creator_gap: int | None = None,
        needs_rendition: bool | None = None,
        max_age_days: int | None = None,
        warm_first: int | None = None,
        revision: int | None = None,
    ) -> RevisionNow:
        """Add a slot, or change name and rules of the one with this code; absent parameters stay unchanged."""

    def delete_slot(
        self,
        *,
        slot: str,
        revision: int | None = None,
    ) -> DeletedSlot:
        """Delete a slot with its entries and specials; the app's getFeed of it answers 404 from then on."""

    def get_review_agreement(
        self,
        *,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
    ) -> AgreementFigures:
        """Return how often second reviews agree with first ones, by default of the last 28 days, at most 366."""

    def get_review_reasons(
        self,
    ) -> ReasonList:
        """Return the reasons to block in display order, retired ones last."""

    def edit_review_reason(
        self,
        *,
        code: str,
        name_zh: str | None = None,
        name_en: str | None = None,
        uploader_zh: str | None = None,
        uploader_en: str | None = None,
        position: int | None = None,
        sensitive: bool | None = None,
        retired: bool | None = None,
    ) -> ReasonData:
        """Add a reason to block, which requires all four texts, or change the one with this code."""

    def get_review_preferences(
        self,
    ) -> DeskPreferences:
        """Return your review desk preferences."""

    def set_review_preferences(
        self,
        *,
        grey: bool | None = None,
        blur: bool | None = None,
        sound: bool | None = None,
        small: bool | None = None,
        autoplay: bool | None = None,
        sensitive_autoplay: bool | None = None,
        keys: bool | None = None,
        break_minutes: int | None = None,
        speed: float | None = None,
    ) -> DeskPreferences:
        """Change your review desk preferences; absent parameters stay unchanged. `speed` is 1, 1.5 or 2."""

    def get_review_queues(
        self,
    ) -> QueueList:
        """Return the review queues that you may work, by priority, with what waits in them."""

    def edit_review_queue(
        self,
        *,
        code: str,
        name_zh: str | None = None,
        name_en: str | None = None,
        position: int | None = None,
        order: QueueOrder | None = None,
        roles: str | None = None,
        user_names: str | None = None,
        cate_id: int | None = None,
        user_ids: str | None = None,
        suggestions: str | None = None,
        labels: str | None = None,
        words: str | None = None,
        hints: str | None = None,
        min_seconds: float | None = None,
        max_seconds: float | None = None,
        passed_below: int | None = None,
        reported: int | None = None,
        arrival: Arrival | None = None,
    ) -> EditedQueue:
        """Add a review queue, which requires both names and a condition, or change the one with this code."""

    def delete_review_queue(
        self,
        *,
        code: str,
    ) -> Moved:
        """Delete a review queue; what waits in it is sorted into the others. Leases are kept."""

    def get_review_places(
        self,
        *,
        video_ids: str,
    ) -> PlaceList:
        """Return where those of up to 100 videos (comma-separated ids) wait for review that do, oldest first."""

    def set_review_priority(
        self,
        *,
        video_ids: str,
        first: bool | None = None,
    ) -> PriorityData:
        """Have up to 100 waiting videos (comma-separated ids) reviewed before all others of all queues, or no longer."""

    def get_similar_videos(
        self,
        *,
        video_id: str,
    ) -> SimilarList:
        """Return at most 50 videos that look like this one: blocked ones first, then the most similar."""

    def get_technical_flags(
        self,
        *,
        video_id: str,
    ) -> FlagsData:
        """Return the technical flags of a video. They are hints: nothing is decided by them."""

    def submit_technical_flags(
        self,
        *,
        media_id: str,
    ) -> None:
        """Check a video for technical flags (again), for example one that was uploaded before this console did so."""

    def report_video(
        self,
        *,
        video_id: str,
        reason_code: ReportReason,
        words: str | None = None,
        reporter_id: str | None = None,
    ) -> ReportedData:
        """Report a video, for somebody who watches it in an app. Those who review see the reports."""

    def get_video_reports(
        self,
        *,
        video_id: str,
    ) -> VideoReportList:
        """Return the reports of a video. A verdict on it answers all that are open."""

    def take_review(
        self,
        *,
        count: int | None = None,
        lease_keys: str | None = None,
        desk: str | None = None,
        queue: str | None = None,
    ) -> TakenData:
        """Lease up to three videos for review; other users do not get them meanwhile."""

    def renew_review(
        self,
        *,
        lease_keys: str,
    ) -> RenewedList:
        """Renew leases for QU_REVIEW_LEASE_SECONDS from now; returns those that were lost, with reasons."""

    def release_review(
        self,
        *,
        lease_keys: str | None = None,
        desk: str | None = None,
    ) -> LeaseCount:
        """Release leases; without `leaseKeys` all of the desk, without a desk all of yours."""

    def get_review_queue(
        self,
        *,
        queue: str | None = None,
    ) -> QueueData:
        """Return the size of a review queue, or of all that you may work together, in total and for you."""

    def get_review_leases(
        self,
    ) -> HeldList:
        """Return all leases of the review desk with their holders."""

    def free_review(
        self,
        *,
        video_id: str | None = None,
        user_name: str | None = None,
    ) -> LeaseCount:
        """Revoke the lease on a video, or all leases of a user."""

    def open_review_desk(
        self,
    ) -> OpenedDesk:
        """Open a review desk and return its key, which permits review desk operations only, while the session lasts."""

    def decide_review(
        self,
        *,
        lease_key: str,
        status: Verdict,
        reason_code: str | None = None,
        reason: str | None = None,
        comment: str | None = None,
        seconds: float | None = None,
        count: int | None = None,
        lease_keys: str | None = None,
        desk: str | None = None,
        queue: str | None = None,
    ) -> DecidedData:
        """Record the verdict on a leased video, like createAudit, and lease the next ones in the same response."""

    def skip_review(
        self,
        *,
        lease_key: str,
        count: int | None = None,
        lease_keys: str | None = None,
        desk: str | None = None,
        queue: str | None = None,
    ) -> PassedData:
        """Return a leased video to the queue; you do not get it again for ten minutes."""

    def ask_second_opinion(
        self,
        *,
        lease_key: str,
        note: str,
        count: int | None = None,
        lease_keys: str | None = None,
        desk: str | None = None,
        queue: str | None = None,
    ) -> PassedData:
        """Hand a leased video to another reviewer, with a note; you do not get it again until it is decided."""

    def undo_review(
        self,
        *,
        lease_key: str,
        desk: str | None = None,
    ) -> UndoneData:
        """Undo your decision, skip or hand-over of this lease, and lease the video again."""

    def get_review_decisions(
        self,
    ) -> OwnDecisions:
        """Return your last 20 decisions at review desks that are not undone, newest first."""

    def get_review_differences(
        self,
        *,
        count: int | None = None,
    ) -> DifferenceList:
        """Return videos on which a second review differs from the first, oldest first: both verdicts, without names."""

    def settle_review_difference(
        self,
        *,
        difference_id: int,
        status: Verdict | None = None,
        reason_code: str | None = None,
        reason: str | None = None,
        comment: str | None = None,
    ) -> SettledData:
        """Settle a difference by a verdict, as createAudit does, or without `status` leave the video as it is."""

    def get_review_figures(
        self,
        *,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
    ) -> FiguresData:
        """Return who decided how much at the review desk, how quickly and for which reasons, by default in the last 7 days."""

    def get_review_sampling(
        self,
    ) -> Sampling:
        """Return which decisions are reviewed again: by a second person, because of reports, and as known clips."""

    def set_review_sampling(
        self,
        *,
        second_reviews: bool | None = None,
        approvals: float | None = None,
        blocks: float | None = None,
        hasty: float | None = None,
        newcomer_decisions: int | None = None,
        reason_codes: str | None = None,
        daily_minimum: int | None = None,
        maximum: float | None = None,
        known_clips: float | None = None,
        reports: int | None = None,
    ) -> Sampling:
        """Change which decisions a second person reviews, blind; absent parameters stay unchanged."""

    def check_sheet(
        self,
        *,
        file: Path,
    ) -> SheetData:
        """Upload a sheet and return what it would change, without changing anything."""

    def create_sheet_link(
        self,
    ) -> LinkData:
        """Create a link that accepts one checkSheet within an hour, so that a browser can upload without a token."""

    def get_sheet(
        self,
        *,
        sheet_id: str,
        kind: RowKind | None = None,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> SheetData:
        """Return a sheet that the caller uploaded within the last hour, with a page of its rows, optionally of one kind."""

    def apply_sheet(
        self,
        *,
        sheet_id: str,
        rows: str | None = None,
    ) -> AppliedData:
        """Apply changed rows of a sheet in one transaction: those named in `rows`, by `place` and comma-separated, or all."""

    def get_applied_sheets(
        self,
    ) -> AppliedSheets:
        """List the last 20 sheets that anybody applied, latest first."""

    def undo_sheet(
        self,
        *,
        sheet_id: str,
    ) -> AppliedData:
        """Undo everything that was applied of a sheet, in one transaction; videos changed since are left, and listed."""

    def get_sign_in(
        self,
    ) -> SignInData:
        """Return the ways of signing in besides a password. They change only at a restart."""

    def get_account(
        self,
    ) -> AccountData:
        """Return the signed-in account and the permissions of this token."""

    def create_session_ticket(
        self,
    ) -> SessionTicketData:
        """Create a one-time ticket, valid for a minute, which /console/user/adopt exchanges for the session cookie."""

    def get_statistics(
        self,
    ) -> StatisticsData:
        """Return the counts of the overview; days are the last 30, oldest first."""

    def get_trash(
        self,
        *,
        page_index: int | None = None,
        page_size: int | None = None,
        title: str | None = None,
    ) -> TrashPage:
        """List deleted videos that can be restored, most recently deleted first. `title` matches any part of a title."""

    def restore_video(
        self,
        *,
        video_id: str,
    ) -> None:
        """Restore a deleted video with everything it had. Its media get new URLs; the old ones stay invalid."""

    def purge_video(
        self,
        *,
        video_id: str,
    ) -> None:
        """Delete a video in the trash permanently, now."""

    def get_usage(
        self,
        *,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
    ) -> UsageData:
        """Return the usage of the Alibaba account: traffic, storage, transcoding and plays. Cloud mode only."""

    def get_play_info(
        self,
        *,
        video_id: str,
        renew: bool | None = None,
    ) -> PlayInfoList:
        """Return the playable files of a video, in the format existing clients expect."""

    def edit_video(
        self,
        *,
        video_id: str,
        title: str | None = None,
        description: str | None = None,
        tags: str | None = None,
        cate_id: int | None = None,
        cate_name: str | None = None,
        seen_line: int | None = None,
    ) -> EditedVideo:
        """Change title, description, tags or category; absent parameters stay unchanged, empty ones are cleared."""

    def get_facets(
        self,
        *,
        video_id: str | None = None,
        user_id: str | None = None,
        title: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        user_name: str | None = None,
        censor_status: CensorStatus | None = None,
        cate_id: int | None = None,
        transcode_status: Rendition | None = None,
        narrow_transcode_status: Rendition | None = None,
        is_recommend: bool | None = None,
        tags: str | None = None,
        min_duration: float | None = None,
        max_duration: float | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        technical_flag: FlagFilter | None = None,
        min_reports: int | None = None,
    ) -> FacetsData:
        """Count matching videos by status, category and user (the ten with the most)."""

    def get_views(
        self,
        *,
        page: ViewPage,
    ) -> ViewList:
        """List the saved views of a page: your own, those of your role, and those of everybody."""

    def get_view(
        self,
        *,
        view_id: str,
    ) -> ViewData:
        """Return one view."""

    def save_view(
        self,
        *,
        view_id: str | None = None,
        page: ViewPage | None = None,
        name: str | None = None,
        query: str | None = None,
        columns: str | None = None,
        scope: ViewScope | None = None,
        role: Role | None = None,
        revision: int | None = None,
    ) -> ViewData:
        """Save a view: a new one, which needs `page` and `name`, or changes to the one with `viewId`."""

    def delete_view(
        self,
        *,
        view_id: str,
    ) -> None:
        """Delete a view: your own, or as an administrator a shared one."""

    def set_default_view(
        self,
        *,
        page: ViewPage,
        view_id: str | None = None,
    ) -> None:
        """Choose the view that a page opens with, for yourself: one of your own or one that you see; empty for none."""

    def set_columns(
        self,
        *,
        page: ViewPage,
        columns: str | None = None,
    ) -> None:
        """Choose the columns of a page's list for yourself, in order, like `title:300,user`; empty for the usual ones."""

    def get_webhooks(
        self,
    ) -> WebhookList:
        """List the webhooks, without their secrets."""

    def save_webhook(
        self,
        *,
        webhook_id: int | None = None,
        url: str | None = None,
        description: str | None = None,
        types: str | None = None,
        active: bool | None = None,
    ) -> WebhookSecret:
        """Add a webhook, or change the one with this id; what is not given stays as it is."""

    def roll_webhook_secret(
        self,
        *,
        webhook_id: int,
    ) -> WebhookSecret:
        """Give a webhook a new secret, returned only now. For 24 hours the one before signs too."""

    def delete_webhook(
        self,
        *,
        webhook_id: int,
    ) -> None:
        """Delete a webhook, with what is still to be delivered to it and its log."""

    def test_webhook(
        self,
        *,
        webhook_id: int,
    ) -> AttemptData:
        """Send a test event (`webhook.test`) at once, once, also to one that is off, and return how that ended."""

    def get_deliveries(
        self,
        *,
        webhook_id: int,
        state: DeliveryState | None = None,
        page_index: int | None = None,
        page_size: int | None = None,
    ) -> DeliveryList:
        """List what is to be or was delivered to a webhook in the last 30 days, newest first, with every attempt."""

    def resend_delivery(
        self,
        *,
        delivery_id: int,
    ) -> AttemptData:
        """Send a delivery once more at once, with its id and the present secret, also to a webhook that is off."""
