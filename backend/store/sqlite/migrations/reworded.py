"""What migration m011 changes: of a video that changes, only those words go through the search index that are others.

The entries of a row in a contentless FTS5 table are independent of each other, word by word, and words of different
columns are never the same (backend.store.sqlite.search_words). A verdict then costs two words instead of two titles.
"""

from __future__ import annotations

LISTS = ("videos", "feed")
OWNER = "(select user_name_folded from users where user_id = {row}.user_id)"

# Null stands for a column whose words stay as they are.
TABLE = """
drop table {list}_reworded;
create table {list}_reworded (
    seq integer not null,
    gone integer not null,
    title_folded text,
    user_name_folded text,
    user_id text,
    censor_status text,
    cate_id integer
) strict;
"""
REWORD = """
drop trigger videos_reword;
create trigger videos_reword after update of title_folded, user_id, censor_status, cate_id on videos
when {other} begin
    insert into videos_reworded values (old.seq, true, {gone});
    insert into videos_reworded values (new.seq, false, {come});
end;
drop trigger feed_reword;
create trigger feed_reword after update of user_name_folded on feed
when new.user_name_folded <> old.user_name_folded begin
    insert into feed_reworded (seq, gone, user_name_folded) values (old.seq, true, old.user_name_folded);
    insert into feed_reworded (seq, gone, user_name_folded) values (new.seq, false, new.user_name_folded);
end;
drop trigger users_reword;
create trigger users_reword after update of user_name_folded on users
when new.user_name_folded <> old.user_name_folded begin
    insert into videos_reworded (seq, gone, user_name_folded)
        select seq, true, old.user_name_folded from videos where user_id = new.user_id;
    insert into videos_reworded (seq, gone, user_name_folded)
        select seq, false, new.user_name_folded from videos where user_id = new.user_id;
    update feed set user_name_folded = new.user_name_folded where user_id = new.user_id;
end;
"""
# What a word is made of, and the column whose change makes it another one.
PARTS = {
    "{row}.title_folded": "title_folded", OWNER: "user_id", "{row}.user_id": "user_id",
    "{row}.censor_status": "censor_status", "{row}.cate_id": "cate_id",
}  # fmt: skip


def script() -> str:
    """Return everything that m011 executes."""
    other = " or ".join(f"new.{column} <> old.{column}" for column in dict.fromkeys(PARTS.values()))
    return "".join(TABLE.format(list=name) for name in LISTS) + REWORD.format(
        other=other, gone=_changed("old"), come=_changed("new")
    )


def _changed(row: str) -> str:
    return ", ".join(
        f"iif(new.{column} <> old.{column}, {part.format(row=row)}, null)" for part, column in PARTS.items()
    )
