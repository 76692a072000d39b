-- A video in the trash may change its category too, when a category is deleted: its upload is counted there then.

create function figures_trash_moves() returns trigger language plpgsql as $$
begin
    insert into figure_changes
        select 'uploads/category', figure_slot(coalesce((video ->> 'created')::bigint, 0)),
            coalesce(video ->> 'cate_id', '0'), '', sign, sign * coalesce((video ->> 'size')::bigint, 0)
        from (select old.video::jsonb -> 0 as video, -1 as sign union all select new.video::jsonb -> 0, 1) moved;
    return null;
end $$;

create trigger figures_trash_moves after update of video on trash for each row
when (coalesce(old.video::jsonb -> 0 ->> 'cate_id', '0') <> coalesce(new.video::jsonb -> 0 ->> 'cate_id', '0'))
execute function figures_trash_moves();
