-- A video in the trash may change its category too, when a category is deleted: its upload is counted there then.

create trigger figures_trash_moves after update of video on trash
when coalesce(json_extract(new.video, '$[0].cate_id'), 0) <> coalesce(json_extract(old.video, '$[0].cate_id'), 0) begin
    insert into figure_changes
        select 'uploads/category', (coalesce(json_extract(video, '$[0].created'), 0) + 9000000000) / 900 - 10000000,
            coalesce(json_extract(video, '$[0].cate_id'), 0) || '', '', sign,
            sign * coalesce(json_extract(video, '$[0].size'), 0)
        from (select old.video as video, -1 as sign union all select new.video, 1) moved;
end;
