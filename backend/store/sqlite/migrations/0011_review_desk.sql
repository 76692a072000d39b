-- The review desk: who has which clip before their eyes until when, what was decided there, and what each person likes.
-- A desk is one tab, or one program; its key is good for the desk alone and ends with the session that asked for it.
create table review_desks (
    key_hash text primary key,
    desk text not null,
    token_hash text not null references sessions on delete cascade,
    created real not null
) strict, without rowid;
create index review_desks_by_session on review_desks (token_hash, created);

create table review_leases (
    video_id text primary key references videos (video_id) on delete cascade,
    holder text not null,
    desk text not null,
    lease_key text not null unique,
    claimed real not null,
    expires real not null,
    kind text not null
) strict, without rowid;
create index review_leases_by_holder on review_leases (holder, desk);

-- A desk ends with its session. Its clips are free for others then, and its unsent decisions still count where nobody
-- took the clip.
create trigger review_desk_ended after delete on review_desks begin
    update review_leases set expires = 0 where desk = old.desk;
end;

create table review_decisions (
    lease_key text primary key,
    video_id text not null,
    reviewer text not null,
    kind text not null,
    verdict text not null,
    reason_code text not null,
    reason text not null,
    comment text not null,
    seconds real not null,
    at real not null,
    request_id text not null,
    undone real not null default 0
) strict, without rowid;
create index review_decisions_by_reviewer on review_decisions (reviewer, at);
create index review_decisions_by_video on review_decisions (video_id, at);
create index review_decisions_by_time on review_decisions (at);

-- Clips that a person does not get for a while, or until somebody else has judged them.
create table review_skips (
    video_id text not null references videos (video_id) on delete cascade,
    account text not null,
    lease_key text not null,
    until real not null,
    primary key (video_id, account)
) strict, without rowid;
create index review_skips_by_account on review_skips (account, until);
create index review_skips_by_key on review_skips (lease_key);
create table review_opinions (
    video_id text not null references videos (video_id) on delete cascade,
    account text not null,
    lease_key text not null,
    note text not null,
    at real not null,
    primary key (video_id, account)
) strict, without rowid;
create index review_opinions_by_account on review_opinions (account);
create index review_opinions_by_key on review_opinions (lease_key);

-- Whoever or whatever changes where a video stands in review: nobody has it before their eyes any more.
create trigger videos_judged after update of censor_status on videos when new.censor_status <> old.censor_status begin
    delete from review_leases where video_id = new.video_id;
    delete from review_opinions where video_id = new.video_id and new.censor_status in ('success', 'fail');
end;

create table review_reasons (
    code text primary key,
    position integer not null,
    name_zh text not null,
    name_en text not null,
    uploader_zh text not null,
    uploader_en text not null,
    sensitive integer not null default 0,
    retired integer not null default 0
) strict, without rowid;
insert into review_reasons (code, position, name_zh, name_en, uploader_zh, uploader_en, sensitive) values
    ('sexual', 1, '色情低俗', 'Sexual content', '视频含有色情或低俗内容', 'The video contains sexual content', 1),
    ('violence', 2, '暴力血腥', 'Violence', '视频含有暴力或血腥画面', 'The video shows violence or gore', 1),
    ('illegal', 3, '违法违禁', 'Illegal goods or acts', '视频涉及违法行为或违禁物品', 'The video shows illegal acts or prohibited goods', 0),
    ('minors', 4, '危害未成年人', 'Harm to minors', '视频含有危害未成年人的内容', 'The video contains content that harms minors', 1),
    ('spam', 5, '广告引流', 'Spam or advertising', '视频含有广告或引流信息', 'The video contains advertising or leads viewers elsewhere', 0),
    ('copyright', 6, '侵权搬运', 'Copyright', '视频涉嫌侵权或搬运他人作品', 'The video uses the work of others without permission', 0),
    ('abuse', 7, '侮辱谩骂', 'Insults or harassment', '视频含有侮辱、谩骂或骚扰内容', 'The video insults or harasses people', 0),
    ('misleading', 8, '虚假不实', 'False or misleading', '视频内容虚假或容易误导', 'The video is false or misleading', 0),
    ('quality', 9, '画质过差', 'Poor quality', '视频画面不清、黑屏或无法正常观看', 'The picture is blank or too poor to watch', 0);

create table review_preferences (
    account_id integer primary key references accounts on delete cascade,
    body text not null
) strict;
