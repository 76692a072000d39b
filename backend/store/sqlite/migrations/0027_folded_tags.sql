-- Tags as they are compared, beside the tags: other databases have no function of Python's for it.

alter table videos add column tags_folded text not null default '';
alter table recommendations add column tags_folded text;
alter table feed add column tags_folded text not null default '';

drop view shown;
create view shown (
    seq, video_id, user_id, user_name_folded, title_folded, censor_status, cate_id, duration, size, tags,
    transcode_status, narrow_transcode_status, recommended, flags, ends, plays, tags_folded
) as
    select r.seq, r.video_id, coalesce(r.user_id, v.user_id), coalesce(u.user_name_folded, ''),
        coalesce(r.title_folded, v.title_folded), coalesce(r.censor_status, v.censor_status),
        coalesce(r.cate_id, v.cate_id), coalesce(r.duration, v.duration), coalesce(r.size, v.size),
        coalesce(r.tags, v.tags), coalesce(r.transcode_status, v.transcode_status), v.narrow_transcode_status, 1,
        v.flags, r.ends, exists (
            select 1 from files f where f.video_id = r.video_id
                and f.kind in ('common', 'narrow', 'aliyunEncrypted', 'hlsEncrypted')
        ), coalesce(r.tags_folded, v.tags_folded)
    from recommendations r join videos v using (video_id)
        left join users u on u.user_id = coalesce(r.user_id, v.user_id)
    where r.slot = 'feed';

update videos set tags_folded = fold_tags(tags) where tags <> '';
update recommendations set tags_folded = fold_tags(tags) where tags is not null;
update feed set tags_folded = (select s.tags_folded from shown s where s.seq = feed.seq);
