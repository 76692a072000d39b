-- Review queues may ask for hints: technical flags, and likeness to a video that is blocked now.
create trigger flags_of_waiting after update of flags on videos
when new.censor_status = 'check' and new.flags <> old.flags begin
    insert into review_unsorted values (new.video_id);
end;
create trigger similar_clips_come after insert on similar_clips
when exists (select 1 from review_waiting where video_id = new.video_id) begin
    insert into review_unsorted values (new.video_id);
end;
create trigger similar_clips_go after delete on similar_clips
when exists (select 1 from review_waiting where video_id = old.video_id) begin
    insert into review_unsorted values (old.video_id);
end;
create trigger similar_clips_judged after update of censor_status on videos
when new.censor_status <> old.censor_status and 'fail' in (new.censor_status, old.censor_status) begin
    insert into review_unsorted
        select s.video_id from similar_clips s join review_waiting w using (video_id) where s.other_id = new.video_id;
end;
