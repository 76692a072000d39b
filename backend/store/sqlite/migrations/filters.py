"""What migration m012 adds: filters by transcodes, recommendation, tags, length and size.

All but the ranges become words of the search index (..search_words), which is then made anew, and so are the
folded texts: what is not seen of a text no longer counts. A range goes by the index of its column, where all that such
a list may be narrowed by stands too; so do counts by category and user.
"""

from __future__ import annotations

from backend.store.sqlite.migrations.finding import COUNT, UNCOUNT
from backend.store.sqlite.migrations.reworded import OWNER

# Of a video that changes, the words that change: what a word is made of, and the column whose change makes it another.
VIDEO_PARTS = {
    "{row}.title_folded": "title_folded", OWNER: "user_id", "{row}.tags": "tags", "{row}.user_id": "user_id",
    "{row}.censor_status": "censor_status", "{row}.cate_id": "cate_id", "{row}.transcode_status": "transcode_status",
    "{row}.narrow_transcode_status": "narrow_transcode_status", "{row}.recommended": "recommended",
}  # fmt: skip
COLUMNS = """
    title_folded text,
    user_name_folded text,
    tags text,
    user_id text,
    censor_status text,
    cate_id integer,
    transcode_status text,
    narrow_transcode_status text,
    recommended integer
"""

STATES = "transcode_status, narrow_transcode_status, recommended"
FEED = """
alter table videos add column recommended integer not null default 0;
update videos set recommended = 1 where video_id in (select video_id from recommendations);

drop view shown;
drop table feed;
create table feed (
    seq integer primary key,
    video_id text not null unique,
    user_id text not null,
    user_name_folded text not null,
    title_folded text not null,
    censor_status text not null,
    cate_id integer not null,
    duration real not null,
    size integer not null,
    tags text not null,
    transcode_status text not null,
    narrow_transcode_status text not null,
    recommended integer not null
) strict;
create index feed_by_censor_status on feed (censor_status, seq);
create index feed_by_user on feed (user_id, seq, censor_status);
create index feed_by_category on feed (cate_id, seq, censor_status);
create view shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size, tags,
    transcode_status, narrow_transcode_status, recommended
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size),
        coalesce(r.tags, v.tags), coalesce(r.transcode_status, v.transcode_status), v.narrow_transcode_status, 1
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id);

drop trigger recommendations_come;
create trigger recommendations_come after insert on recommendations begin
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1, recommended = 1 where video_id = new.video_id;
end;
drop trigger recommendations_go;
create trigger recommendations_go after delete on recommendations begin
    delete from feed where seq = old.seq;
    update videos set version = version + 1, recommended = 0 where video_id = old.video_id;
end;
drop trigger videos_show;
create trigger videos_show after update of
    user_id, title_folded, censor_status, cate_id, duration, size, tags, transcode_status, narrow_transcode_status
on videos when exists (select 1 from feed where video_id = new.video_id) begin
    delete from feed where video_id = new.video_id;
    insert into feed select * from shown where video_id = new.video_id;
end;
"""

COUNTED = """
drop table {table}_reworded;
create table {table}_reworded (seq integer not null, gone integer not null, {columns}) strict;
drop trigger if exists {table}_come;
create trigger {table}_come after insert on {table} begin
    insert into {table}_reworded values (new.seq, false, {come});
    {count}
end;
drop trigger if exists {table}_go;
create trigger {table}_go after delete on {table} begin
    insert into {table}_reworded values (old.seq, true, {go});
    {uncount}
end;
drop trigger if exists {table}_recount;
create trigger {table}_recount after update of censor_status, cate_id, size, duration on {table} begin
    {uncount}
    {count}
end;
drop trigger if exists {table}_reword;
"""

REWORD = """
create trigger videos_reword after update of {worded} on videos
when {other} begin
    insert into videos_reworded values (old.seq, true, {gone});
    insert into videos_reworded values (new.seq, false, {come});
end;
create trigger feed_reword after update of user_name_folded on feed
when new.user_name_folded <> old.user_name_folded begin
    insert into feed_reworded (seq, gone, user_name_folded) values (old.seq, true, old.user_name_folded);
    insert into feed_reworded (seq, gone, user_name_folded) values (new.seq, false, new.user_name_folded);
end;
"""

INDEXES = """
drop index videos_by_duration;
create index videos_by_duration on videos (duration, seq, censor_status, cate_id, size, {states});
drop index videos_by_size;
create index videos_by_size on videos (size, seq, censor_status, cate_id, duration, {states});
drop index videos_by_category;
create index videos_by_category on videos (cate_id, seq, censor_status, duration, size, {states});
drop index videos_by_user;
create index videos_by_user on videos (user_id, seq, censor_status, cate_id, duration, size, {states});

update trash set title_folded = fold(json_extract(video, '$[0].title'));
"""


def script() -> str:
    """Return everything that m012 executes."""
    worded = tuple(dict.fromkeys(VIDEO_PARTS.values()))
    reword = REWORD.format(
        worded=", ".join(worded),
        other=" or ".join(f"new.{column} <> old.{column}" for column in worded),
        gone=_changed("old"),
        come=_changed("new"),
    )
    return "".join(
        [
            FEED,
            _counted("videos", OWNER),
            _counted("feed", "{row}.user_name_folded"),
            reword,
            INDEXES.format(states=STATES),
        ]
    )


def _counted(table: str, name: str) -> str:
    def words(row: str) -> str:
        return ", ".join(part.format(row=row) if part != OWNER else name.format(row=row) for part in VIDEO_PARTS)

    return COUNTED.format(
        table=table, columns=COLUMNS, come=words("new"), go=words("old"), count=COUNT.format(table=table),
        uncount=UNCOUNT.format(table=table),
    )  # fmt: skip


def _changed(row: str) -> str:
    return ", ".join(
        f"iif(new.{column} <> old.{column}, {part.format(row=row)}, null)" for part, column in VIDEO_PARTS.items()
    )
