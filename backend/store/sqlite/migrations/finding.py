"""What migration m004 adds: search indexes, counts and versions, and the triggers that keep them.

Both lists, `videos` and `feed`, get the same. The triggers do not write to the index: inside a trigger FTS5 would put
every row on the disk by itself, which was ten times slower. They note in `…_reworded` what has gone and what has come,
and `derived.index_changes` brings that into the index before the transaction ends. A key shifted by SPAN_BITS is its
span of 65,536 seconds, by which the rows are counted.
"""

from __future__ import annotations

SPAN_BITS = 36

TABLES = """
alter table videos add column version integer not null default 0;
create index videos_by_category on videos (cate_id, seq, censor_status);
create index videos_by_duration on videos (duration, seq, censor_status, cate_id);
create index videos_by_size on videos (size, seq, censor_status, cate_id);
create index videos_by_title on videos (title_folded, seq);
create index videos_failed on videos (seq) where 'fail' in (transcode_status, narrow_transcode_status);
create index videos_running on videos (seq) where 'onTranscode' in (transcode_status, narrow_transcode_status);

create table feed (
    seq integer primary key,
    video_id text not null unique,
    user_id text not null,
    user_name_folded text not null,
    title_folded text not null,
    censor_status text not null,
    cate_id integer not null,
    duration real not null,
    size integer not null
) strict;
create index feed_by_censor_status on feed (censor_status, seq);
create index feed_by_user on feed (user_id, seq, censor_status);
create index feed_by_category on feed (cate_id, seq, censor_status);
create view shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size)
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id);

create table sums (name text primary key, value integer not null) strict, without rowid;
insert into sums values ('narrow_bytes', 0), ('narrow_bytes_plain', 0);
"""

COUNTED = """
create virtual table {table}_words using fts5 (
    words, content = '', columnsize = 0, prefix = '1', tokenize = 'ascii'
);
insert into {table}_words ({table}_words, rank) values ('hashsize', 33554432);
create table {table}_reworded (
    seq integer not null,
    gone integer not null,
    title_folded text not null,
    user_name_folded text not null,
    user_id text not null,
    censor_status text not null,
    cate_id integer not null
) strict;
create virtual table {table}_vocabulary using fts5vocab ('{table}_words', 'row');
create table {table}_per_span (
    span integer not null,
    censor_status text not null,
    number integer not null,
    primary key (span, censor_status)
) strict, without rowid;
create table {table}_per_category (
    cate_id integer not null,
    censor_status text not null,
    number integer not null,
    bytes integer not null,
    microseconds integer not null,
    primary key (cate_id, censor_status)
) strict, without rowid;

create trigger {table}_come after insert on {table} begin
    {index}
    {count}
end;
create trigger {table}_go after delete on {table} begin
    {unindex}
    {uncount}
end;
create trigger {table}_reword after update of {worded} on {table}
when {reworded} begin
    {unindex}
    {index}
end;
create trigger {table}_recount after update of censor_status, cate_id, size, duration on {table} begin
    {uncount}
    {count}
end;
"""
INDEX = """
    insert into {table}_reworded
        values (new.seq, false, new.title_folded, {name}, new.user_id, new.censor_status, new.cate_id);
"""
UNINDEX = """
    insert into {table}_reworded
        values (old.seq, true, old.title_folded, {name}, old.user_id, old.censor_status, old.cate_id);
"""
COUNT = """
    insert into {table}_per_span values (new.seq >> 36, new.censor_status, 1)
        on conflict do update set number = number + 1;
    insert into {table}_per_category
        values (new.cate_id, new.censor_status, 1, new.size, cast(round(new.duration * 1e6) as integer))
        on conflict do update set number = number + 1, bytes = bytes + excluded.bytes,
            microseconds = microseconds + excluded.microseconds;
"""
UNCOUNT = """
    update {table}_per_span set number = number - 1
        where span = old.seq >> 36 and censor_status = old.censor_status;
    update {table}_per_category set number = number - 1, bytes = bytes - old.size,
            microseconds = microseconds - cast(round(old.duration * 1e6) as integer)
        where cate_id = old.cate_id and censor_status = old.censor_status;
"""

FEED = """
create trigger recommendations_come after insert on recommendations begin
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
end;
create trigger recommendations_change after update on recommendations begin
    delete from feed where seq = old.seq;
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
end;
create trigger recommendations_go after delete on recommendations begin
    delete from feed where seq = old.seq;
    update videos set version = version + 1 where video_id = old.video_id;
end;
create trigger videos_show after update of user_id, title_folded, censor_status, cate_id, duration, size on videos
when exists (select 1 from feed where video_id = new.video_id) begin
    delete from feed where video_id = new.video_id;
    insert into feed select * from shown where video_id = new.video_id;
end;
"""

USERS = """
create trigger users_come after insert on users
when exists (select 1 from feed where user_id = new.user_id) begin
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
    update videos set version = version + 1 where video_id in (select video_id from feed where user_id = new.user_id);
end;
create trigger users_reword after update of user_name_folded on users
when new.user_name_folded <> old.user_name_folded begin
    insert into videos_reworded
        select seq, true, title_folded, old.user_name_folded, user_id, censor_status, cate_id
        from videos where user_id = new.user_id;
    insert into videos_reworded
        select seq, false, title_folded, new.user_name_folded, user_id, censor_status, cate_id
        from videos where user_id = new.user_id;
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
end;
create trigger users_change after update of user_name, avatar_url on users
when new.user_name <> old.user_name or new.avatar_url <> old.avatar_url begin
    update videos set version = version + 1 where user_id = new.user_id
        or video_id in (select video_id from feed where user_id = new.user_id);
end;
"""

FILES = """
create trigger files_come after insert on files begin
    update videos set version = version + 1 where video_id = new.video_id;
end;
create trigger files_change after update on files begin
    update videos set version = version + 1 where video_id in (old.video_id, new.video_id);
end;
create trigger files_go after delete on files begin
    update videos set version = version + 1 where video_id = old.video_id;
end;

create trigger pairs_come after insert on files when new.kind in ('common', 'narrow') begin
    {pairs_new}
end;
create trigger pairs_go after delete on files when old.kind in ('common', 'narrow') begin
    {pairs_old}
end;
create trigger pairs_change before update of video_id, kind, size, width, height on files begin
    select raise(abort, 'a file is not changed but replaced');
end;
"""
# What narrow-band saves is counted over renditions of the same size of a video.
PAIRS = """
    update sums set value = value {sign} coalesce((
        select sum(iif({row}.kind = 'narrow', {row}.size, other.size)) from {others}
    ), 0) where name = 'narrow_bytes';
    update sums set value = value {sign} coalesce((
        select sum(iif({row}.kind = 'common', {row}.size, other.size)) from {others}
    ), 0) where name = 'narrow_bytes_plain';
"""
OTHERS = """files other where other.video_id = {row}.video_id
            and other.kind = iif({row}.kind = 'common', 'narrow', 'common')
            and other.width = {row}.width and other.height = {row}.height"""

VERSIONS = """
create trigger videos_change after update of
    video_id, title, description, duration, size, width, height, created, cate_id, cate_name, tags, share_url, user_id,
    status, censor_status, transcode_status, narrow_transcode_status, snapshot_status, media_key
on videos begin
    update videos set version = version + 1 where seq = new.seq;
end;
"""

OWNER = "(select user_name_folded from users where user_id = {row}.user_id)"


def script() -> str:
    """Return everything that m004 executes."""
    return "".join(
        [
            TABLES,
            _counted("videos", OWNER, "title_folded", "user_id", "censor_status", "cate_id"),
            _counted("feed", "{row}.user_name_folded", "user_name_folded"),
            FEED,
            USERS,
            FILES.format(pairs_new=_pairs("new", "+"), pairs_old=_pairs("old", "-")),
            VERSIONS,
        ]
    )


def _counted(table: str, name: str, *worded: str) -> str:
    return COUNTED.format(
        table=table,
        worded=", ".join(worded),
        reworded=" or ".join(f"new.{column} <> old.{column}" for column in worded),
        index=INDEX.format(table=table, name=name.format(row="new")),
        unindex=UNINDEX.format(table=table, name=name.format(row="old")),
        count=COUNT.format(table=table),
        uncount=UNCOUNT.format(table=table),
    )


def _pairs(row: str, sign: str) -> str:
    return PAIRS.format(row=row, sign=sign, others=OTHERS.format(row=row))
