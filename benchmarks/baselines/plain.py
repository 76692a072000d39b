"""The server that a FastAPI and SQLModel tutorial leads to, over our tables: pages of videos, the total, and a CSV."""

import csv
import io
import os

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlmodel import Field, Relationship, Session, SQLModel, create_engine, func, select


class User(SQLModel, table=True):
    __tablename__ = "users"
    user_id: str = Field(primary_key=True)
    user_name: str
    avatar_url: str


class File(SQLModel, table=True):
    __tablename__ = "files"
    video_id: str = Field(primary_key=True, foreign_key="videos.video_id")
    kind: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    name: str


class VideoBase(SQLModel):
    seq: int = Field(primary_key=True)
    video_id: str
    title: str
    description: str
    duration: float
    size: int
    created: int
    cate_id: int
    cate_name: str
    tags: str
    share_url: str
    status: str
    censor_status: str
    transcode_status: str
    narrow_transcode_status: str
    snapshot_status: str


class Video(VideoBase, table=True):
    __tablename__ = "videos"
    user_id: str = Field(foreign_key="users.user_id")
    user: User = Relationship()
    files: list[File] = Relationship()


class VideoOut(VideoBase):
    user: User
    files: list[File]


class Page(SQLModel):
    total: int
    videos: list[VideoOut]


engine = create_engine(f"sqlite:///{os.environ['DATABASE']}", connect_args={"check_same_thread": False})
app = FastAPI()


def session():
    with Session(engine) as opened:
        yield opened


@app.get("/videos", response_model=Page)
def find_videos(
    offset: int = 0,
    limit: int = 20,
    sort: str = "-seq",
    video_id: str | None = None,
    user_id: str | None = None,
    title: str | None = None,
    user_name: str | None = None,
    censor_status: str | None = None,
    cate_id: int | None = None,
    start: int | None = None,
    end: int | None = None,
    session: Session = Depends(session),  # noqa: B008
):
    wanted = select(Video)
    exact = {"video_id": video_id, "user_id": user_id, "censor_status": censor_status, "cate_id": cate_id}
    for name, value in exact.items():
        if value is not None:
            wanted = wanted.where(getattr(Video, name) == value)
    if title is not None:
        wanted = wanted.where(Video.title.contains(title))
    if user_name is not None:
        wanted = wanted.join(User).where(User.user_name.contains(user_name))
    if start is not None:
        wanted = wanted.where(Video.created >= start)
    if end is not None:
        wanted = wanted.where(Video.created <= end)
    total = session.exec(select(func.count()).select_from(wanted.subquery())).one()
    column = getattr(Video, sort.removeprefix("-"))
    order = column.desc() if sort.startswith("-") else column
    return {"total": total, "videos": session.exec(wanted.order_by(order).offset(offset).limit(limit)).all()}


@app.get("/videos.csv")
def export_videos():
    names = list(VideoBase.model_fields)

    def lines():
        with Session(engine) as opened:
            for video in opened.exec(select(Video).order_by(Video.seq.desc()).execution_options(yield_per=1000)):
                text = io.StringIO()
                csv.writer(text).writerow([getattr(video, name) for name in names])
                yield text.getvalue()

    return StreamingResponse(lines(), media_type="text/csv")
