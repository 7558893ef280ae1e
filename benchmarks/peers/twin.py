"""The three calls as a FastAPI tutorial writes them: SQLAlchemy ORM, aiosqlite, pydantic models. Run in an environment of its own.

`python twin.py PORT DATABASE`; the database is made by `fastapi_orm`.
"""
# pyright: basic, reportMissingImports=false, reportInvalidTypeForm=false
# Its libraries are installed in that environment alone.

import hashlib
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

PORT, DATABASE = int(sys.argv[1]), sys.argv[2]
engine = create_async_engine(f"sqlite+aiosqlite:///{DATABASE}")
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


@event.listens_for(engine.sync_engine, "connect")
def _durable(connection, _record) -> None:
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
        connection.execute(f"pragma {pragma}")


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str]


class Key(Base):
    __tablename__ = "key"
    hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    person: Mapped[Person] = relationship()


class Space(Base):
    __tablename__ = "space"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    owner: Mapped[Person] = relationship()
    members: Mapped[list["Member"]] = relationship(back_populates="space")


class Member(Base):
    __tablename__ = "member"
    space_id: Mapped[str] = mapped_column(ForeignKey("space.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str]
    space: Mapped[Space] = relationship(back_populates="members")


class NewSpace(BaseModel):
    name: str
    description: str = ""


class PersonOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: str
    username: str


class SpaceOut(NewSpace):
    model_config = ConfigDict(from_attributes=True)
    id: str
    owner: PersonOut
    created_at: datetime


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


async def caller(db: Session, x_api_key: Annotated[str, Header()]) -> Person:
    wanted = select(Key).where(Key.hash == hashlib.sha256(x_api_key.encode()).hexdigest())
    key = await db.scalar(wanted.options(joinedload(Key.person)))
    if key is None:
        raise HTTPException(401)
    return key.person


Caller = Annotated[Person, Depends(caller)]
_MINE = select(Space).join(Member).options(joinedload(Space.owner))


@app.get("/spaces/{space_id}", response_model=SpaceOut)
async def get(db: Session, person: Caller, space_id: str):
    space = await db.scalar(_MINE.where(Space.id == space_id, Member.person_id == person.id))
    if space is None:
        raise HTTPException(404)
    return space


@app.get("/spaces", response_model=list[SpaceOut])
async def page(db: Session, person: Caller, limit: int = 20):
    mine = _MINE.where(Member.person_id == person.id).order_by(Member.space_id.desc()).limit(limit)
    return (await db.scalars(mine)).all()


@app.post("/spaces", response_model=SpaceOut, status_code=201)
async def create(db: Session, person: Caller, body: NewSpace):
    now = datetime.now(UTC)
    # In the order of time, as the ids of Courtyard are: a random one lands somewhere else in the index each time.
    space_id = f"{int(now.timestamp() * 1e6):016x}{uuid.uuid4().hex[:16]}"
    space = Space(id=space_id, name=body.name, description=body.description, owner=person, created_at=now)
    db.add_all([space, Member(space=space, person_id=person.id, role="owner")])
    await db.commit()
    return space


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", access_log=False)
