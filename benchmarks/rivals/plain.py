"""The server that a FastAPI and SQLModel tutorial leads to, over our tables: a page of videos and the total."""

import os

from fastapi import Depends, FastAPI
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
def find_videos(offset: int = 0, limit: int = 20, session: Session = Depends(session)):  # noqa: B008
    videos = session.exec(select(Video).order_by(Video.seq.desc()).offset(offset).limit(limit)).all()
    return {"total": session.exec(select(func.count(Video.seq))).one(), "videos": videos}
