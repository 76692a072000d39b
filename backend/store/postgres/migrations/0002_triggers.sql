-- What is derived from rows, and noted about them, in the transaction that changes them; then what is there at first.

-- Videos

create function videos_version() returns trigger language plpgsql as $$
begin
    new.version = new.version + 1;
    return new;
end $$;

create trigger videos_version before update of
    video_id, title, description, duration, size, width, height, created, cate_id, cate_name, tags, share_url, user_id,
    status, censor_status, transcode_status, narrow_transcode_status, snapshot_status, media_key
on videos for each row execute function videos_version();

create function videos_come() returns trigger language plpgsql as $$
begin
    insert into videos_per_span values (new.seq >> 36, new.censor_status, 1);
    insert into videos_per_category
        values (new.cate_id, new.censor_status, 1, new.size, microseconds(new.duration));
    insert into finding values (new.seq, new.title_folded, new.user_id, new.censor_status, new.cate_id,
        new.transcode_status, new.narrow_transcode_status, new.recommended, new.flags, new.tags_folded);
    if new.censor_status = 'check' or new.censor_status = 'success' and exists (
        select 1 from video_reports where video_id = new.video_id and closed_by is null
    ) then
        insert into review_unsorted values (new.video_id);
    end if;
    return null;
end $$;

create trigger videos_come after insert on videos for each row execute function videos_come();

create function videos_go() returns trigger language plpgsql as $$
begin
    insert into videos_per_span values (old.seq >> 36, old.censor_status, -1);
    insert into videos_per_category
        values (old.cate_id, old.censor_status, -1, -old.size, -microseconds(old.duration));
    delete from finding where seq = old.seq;
    update review_draws set state = 'void' where video_id = old.video_id and state = 'waiting';
    update review_draws set state = 'settled' where video_id = old.video_id and state = 'differs';
    return null;
end $$;

create trigger videos_go after delete on videos for each row execute function videos_go();

create function videos_recount() returns trigger language plpgsql as $$
begin
    if new.censor_status <> old.censor_status or new.seq <> old.seq then
        insert into videos_per_span
            values (old.seq >> 36, old.censor_status, -1), (new.seq >> 36, new.censor_status, 1);
    end if;
    insert into videos_per_category values
        (old.cate_id, old.censor_status, -1, -old.size, -microseconds(old.duration)),
        (new.cate_id, new.censor_status, 1, new.size, microseconds(new.duration));
    return null;
end $$;

create trigger videos_recount after update of seq, censor_status, cate_id, size, duration on videos for each row
when ((new.seq, new.censor_status, new.cate_id, new.size, new.duration)
    is distinct from (old.seq, old.censor_status, old.cate_id, old.size, old.duration))
execute function videos_recount();

create function videos_found() returns trigger language plpgsql as $$
begin
    update finding set seq = new.seq, title_folded = new.title_folded, user_id = new.user_id,
        censor_status = new.censor_status, cate_id = new.cate_id, transcode_status = new.transcode_status,
        narrow_transcode_status = new.narrow_transcode_status, recommended = new.recommended, flags = new.flags,
        tags_folded = new.tags_folded
    where seq = old.seq;
    return null;
end $$;

create trigger videos_found after update on videos for each row
when ((new.seq, new.title_folded, new.user_id, new.censor_status, new.cate_id, new.transcode_status,
    new.narrow_transcode_status, new.recommended, new.flags, new.tags_folded)
    is distinct from (old.seq, old.title_folded, old.user_id, old.censor_status, old.cate_id, old.transcode_status,
    old.narrow_transcode_status, old.recommended, old.flags, old.tags_folded))
execute function videos_found();

create function videos_show() returns trigger language plpgsql as $$
begin
    delete from feed where video_id = new.video_id;
    if found then
        insert into feed select * from shown where video_id = new.video_id;
    end if;
    return null;
end $$;

create trigger videos_show after update of
    user_id, title_folded, censor_status, cate_id, duration, size, tags, tags_folded, transcode_status,
    narrow_transcode_status, flags
on videos for each row
when ((new.user_id, new.title_folded, new.censor_status, new.cate_id, new.duration, new.size, new.tags,
    new.transcode_status, new.narrow_transcode_status, new.flags, new.tags_folded)
    is distinct from (old.user_id, old.title_folded, old.censor_status, old.cate_id, old.duration, old.size, old.tags,
    old.transcode_status, old.narrow_transcode_status, old.flags, old.tags_folded))
execute function videos_show();

create function videos_judged() returns trigger language plpgsql as $$
begin
    delete from review_leases where video_id = new.video_id;
    delete from review_opinions where video_id = new.video_id and new.censor_status in ('success', 'fail');
    update review_draws set state = 'void' where video_id = new.video_id and state = 'waiting';
    update review_draws set state = 'settled' where video_id = new.video_id and state = 'differs';
    delete from review_waiting where video_id = new.video_id;
    if 'fail' in (new.censor_status, old.censor_status) then
        insert into review_unsorted
            select s.video_id from similar_clips s join review_waiting w using (video_id)
            where s.other_id = new.video_id;
    end if;
    return null;
end $$;

create trigger videos_judged after update of censor_status on videos for each row
when (new.censor_status <> old.censor_status) execute function videos_judged();

create function videos_wait() returns trigger language plpgsql as $$
begin
    if new.censor_status = 'check' or exists (select 1 from review_waiting where video_id = new.video_id)
        or old.censor_status <> 'success' and exists (
            select 1 from video_reports where video_id = new.video_id and closed_by is null
        ) then
        insert into review_unsorted values (new.video_id);
    end if;
    return null;
end $$;

create trigger videos_wait after update of
    censor_status, title_folded, tags, user_id, cate_id, duration, flags
on videos for each row when (new.censor_status in ('check', 'success') and (new.censor_status <> old.censor_status
    or new.title_folded <> old.title_folded or new.tags <> old.tags or new.user_id <> old.user_id
    or new.cate_id <> old.cate_id or new.duration <> old.duration or new.flags <> old.flags))
execute function videos_wait();

-- Users

create function users_come() returns trigger language plpgsql as $$
begin
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
    if found then
        update videos set version = version + 1
            where video_id in (select video_id from feed where user_id = new.user_id);
    end if;
    return null;
end $$;

create trigger users_come after insert on users for each row execute function users_come();

create function users_change() returns trigger language plpgsql as $$
begin
    update feed set user_name_folded = new.user_name_folded
        where user_id = new.user_id and user_name_folded <> new.user_name_folded;
    if new.user_name <> old.user_name or new.avatar_url <> old.avatar_url then
        update videos set version = version + 1 where user_id = new.user_id
            or video_id in (select video_id from feed where user_id = new.user_id);
    end if;
    return null;
end $$;

create trigger users_change after update on users for each row
when ((new.user_name, new.user_name_folded, new.avatar_url)
    is distinct from (old.user_name, old.user_name_folded, old.avatar_url))
execute function users_change();

-- Files

create function files_come() returns trigger language plpgsql as $$
begin
    update videos set version = version + 1 where video_id = new.video_id;
    if new.kind in ('sprite', 'snapshot') then
        insert into fingerprint_queue (video_id) values (new.video_id) on conflict do nothing;
    elsif new.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted') then
        update feed set plays = 1 where video_id = new.video_id and plays = 0;
    end if;
    return null;
end $$;

create trigger files_come after insert on files for each row execute function files_come();

create function files_change() returns trigger language plpgsql as $$
begin
    if (new.video_id, new.kind, new.size, new.width, new.height)
        is distinct from (old.video_id, old.kind, old.size, old.width, old.height) then
        raise 'a file is not changed but replaced';
    end if;
    update videos set version = version + 1 where video_id = new.video_id;
    return new;
end $$;

create trigger files_change before update on files for each row execute function files_change();

create function files_go() returns trigger language plpgsql as $$
begin
    update videos set version = version + 1 where video_id = old.video_id;
    if old.kind in ('sprite', 'snapshot') then
        delete from fingerprints where video_id = old.video_id;
        delete from similar_clips where video_id = old.video_id;
        delete from similar_clips where other_id = old.video_id;
    elsif old.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted') then
        update feed set plays = 0 where video_id = old.video_id and plays = 1 and not exists (
            select 1 from files f where f.video_id = old.video_id
                and f.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted')
        );
    end if;
    return null;
end $$;

create trigger files_go after delete on files for each row execute function files_go();

-- The bytes of narrow renditions and of the plain ones beside them. Before the row, so that of two rows of one statement
-- one sees the other.
create function files_pair() returns trigger language plpgsql as $$
declare
    one files := coalesce(new, old);
    sign bigint := case tg_op when 'INSERT' then 1 else -1 end;
begin
    insert into sums select pair.name, sign * pair.size from (
        select 'narrow_bytes' as name, case one.kind when 'narrow' then one.size else other.size end as size
            from files other where other.video_id = one.video_id and other.width = one.width
            and other.height = one.height and other.kind = case one.kind when 'common' then 'narrow' else 'common' end
        union all
        select 'narrow_bytes_plain', case one.kind when 'common' then one.size else other.size end
            from files other where other.video_id = one.video_id and other.width = one.width
            and other.height = one.height and other.kind = case one.kind when 'common' then 'narrow' else 'common' end
    ) pair;
    return one;
end $$;

create trigger files_pair_come before insert on files for each row
when (new.kind in ('common', 'narrow')) execute function files_pair();
create trigger files_pair_go before delete on files for each row
when (old.kind in ('common', 'narrow')) execute function files_pair();

-- Jobs

create function jobs_count() returns trigger language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        insert into job_counts values (old.kind, old.state, -1);
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        insert into job_counts values (new.kind, new.state, 1);
    end if;
    return null;
end $$;

create trigger jobs_count after insert or delete on jobs for each row execute function jobs_count();
create trigger jobs_recount after update of kind, state on jobs for each row
when (new.kind <> old.kind or new.state <> old.state) execute function jobs_count();

-- The feed

create function recommendations_come() returns trigger language plpgsql as $$
begin
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1, recommended = 1 where video_id = new.video_id;
    return null;
end $$;

create trigger recommendations_come after insert on recommendations for each row
when (new.slot = 'feed') execute function recommendations_come();

create function recommendations_change() returns trigger language plpgsql as $$
begin
    delete from feed where seq = old.seq;
    insert into feed select * from shown where seq = new.seq;
    update videos set version = version + 1 where video_id = new.video_id;
    return null;
end $$;

create trigger recommendations_change after update of
    seq, title, title_folded, description, duration, size, tags, tags_folded, cate_id, cate_name, user_id, cover_url,
    first_frame_url, transcode_status, snapshot_status, censor_status, ends
on recommendations for each row when (new.slot = 'feed') execute function recommendations_change();

create function recommendations_go() returns trigger language plpgsql as $$
begin
    delete from feed where seq = old.seq;
    update videos set version = version + 1, recommended = 0 where video_id = old.video_id;
    return null;
end $$;

create trigger recommendations_go after delete on recommendations for each row
when (old.slot = 'feed') execute function recommendations_go();

create function feed_count() returns trigger language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        insert into feed_per_span values (old.seq >> 36, old.censor_status, -1);
        insert into feed_per_category
            values (old.cate_id, old.censor_status, -1, -old.size, -microseconds(old.duration));
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        insert into feed_per_span values (new.seq >> 36, new.censor_status, 1);
        insert into feed_per_category
            values (new.cate_id, new.censor_status, 1, new.size, microseconds(new.duration));
    end if;
    return null;
end $$;

create trigger feed_count after insert or delete on feed for each row execute function feed_count();
create trigger feed_recount after update of seq, censor_status, cate_id, size, duration on feed for each row
execute function feed_count();

-- The programme: what was in a slot at each revision

create function lineups_change() returns trigger language plpgsql as $$
declare
    now_at bigint;
begin
    if tg_op in ('UPDATE', 'DELETE') then
        select revision into now_at from slots where slot = old.slot;
        delete from lineup_entries
            where slot = old.slot and video_id = old.video_id and until is null and since = now_at;
        update lineup_entries set until = now_at where slot = old.slot and video_id = old.video_id and until is null;
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        insert into lineup_entries (
            slot, video_id, since, until, seq, recommended, ends, pin, rank, note, typed, shown
        )
        select new.slot, new.video_id, s.revision, null, new.seq, new.recommended, new.ends, new.pin, new.rank, new.note,
            json_build_object('starts_typed', new.starts_typed, 'ends_typed', new.ends_typed, 'zone', new.zone)::text,
            json_build_object('title', new.title, 'description', new.description, 'duration', new.duration,
                'size', new.size, 'tags', new.tags, 'user_id', new.user_id, 'cover_url', new.cover_url,
                'first_frame_url', new.first_frame_url)::text
        from slots s where s.slot = new.slot
        on conflict (slot, video_id, since) do update set until = excluded.until, seq = excluded.seq,
            recommended = excluded.recommended, ends = excluded.ends, pin = excluded.pin, rank = excluded.rank,
            note = excluded.note, typed = excluded.typed, shown = excluded.shown;
    end if;
    return null;
end $$;

create trigger lineups_come_go after insert or delete on recommendations for each row execute function lineups_change();
create trigger lineups_change after update of
    recommended, ends, pin, rank, note, title, description, duration, size, tags, user_id, cover_url, first_frame_url
on recommendations for each row execute function lineups_change();

-- Review: which videos must be sorted into queues before the transaction is committed

create function note_unsorted() returns trigger language plpgsql as $$
begin
    insert into review_unsorted values (case tg_op when 'DELETE' then old.video_id else new.video_id end);
    return null;
end $$;

create trigger cloud_reviews_come_go after insert or delete on cloud_reviews
for each row execute function note_unsorted();
create trigger cloud_reviews_change after update of body on cloud_reviews for each row
when (new.body <> old.body) execute function note_unsorted();
create trigger video_reports_come after insert on video_reports for each row execute function note_unsorted();
create trigger video_reports_change after update of closed_by on video_reports for each row
when ((new.closed_by is null) <> (old.closed_by is null)) execute function note_unsorted();

create function note_all_unsorted() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' or new.parent_id
        <> coalesce((select parent_id from categories where cate_id = new.cate_id), 0) then
        insert into review_unsorted values ('');
    end if;
    return coalesce(new, old);
end $$;

create trigger categories_come before insert on categories for each row execute function note_all_unsorted();
create trigger categories_move after update of parent_id on categories for each row
when (new.parent_id <> old.parent_id) execute function note_all_unsorted();
create trigger categories_go after delete on categories for each row execute function note_all_unsorted();

create function note_waiting_unsorted() returns trigger language plpgsql as $$
declare
    changed text := case tg_op when 'DELETE' then old.video_id else new.video_id end;
begin
    insert into review_unsorted select video_id from review_waiting where video_id = changed;
    return null;
end $$;

create trigger similar_clips_change after insert or delete on similar_clips
for each row execute function note_waiting_unsorted();

create function review_waiting_count() returns trigger language plpgsql as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        insert into review_per_queue values (old.queue, -1);
    end if;
    if tg_op in ('UPDATE', 'INSERT') then
        insert into review_per_queue values (new.queue, 1);
    end if;
    return null;
end $$;

create trigger review_waiting_come_go after insert or delete on review_waiting
for each row execute function review_waiting_count();
create trigger review_waiting_move after update of queue on review_waiting for each row
when (new.queue <> old.queue) execute function review_waiting_count();

create function review_desks_go() returns trigger language plpgsql as $$
begin
    update review_leases set expires = 0 where desk = old.desk;
    return null;
end $$;

create trigger review_desks_go after delete on review_desks for each row execute function review_desks_go();

create function video_reports_close() returns trigger language plpgsql as $$
begin
    delete from review_leases where video_id = new.video_id and kind = 'reported';
    delete from review_opinions where video_id = new.video_id;
    return null;
end $$;

create trigger video_reports_close after update of closed_by on video_reports for each row
when (old.closed_by is null and new.closed_by is not null) execute function video_reports_close();

create function fingerprints_go() returns trigger language plpgsql as $$
begin
    delete from fingerprint_bands where clip = old.clip and value in (
        select band::bigint from jsonb_array_elements(old.views::jsonb) seen, jsonb_array_elements_text(seen) band
    );
    return null;
end $$;

create trigger fingerprints_go after delete on fingerprints for each row execute function fingerprints_go();

-- What a new console begins with

insert into sums values ('narrow_bytes', 0), ('narrow_bytes_plain', 0);
insert into history_head values (1, 0, decode(repeat('00', 32), 'hex'));
insert into review_queues (code, name_zh, name_en, position) values ('default', '其余视频', 'Everything else', 1);
insert into review_sampling (id, secret, body)
    values (1, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), '{}');
insert into slots values ('feed', '', 1, '{}');
insert into lineups values ('feed', 1, extract(epoch from now())::bigint, '', '', '', '');
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
