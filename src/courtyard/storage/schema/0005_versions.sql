-- Versions of artifacts, what the past looked like, the order of waiting jobs, and news for whoever watches.

-- What an artifact held before; what it holds now is in its own row. Two versions may share a blob: the one that was
-- restored, and the one that was made by that.
create table artifact_version (
    artifact_id {text} not null references artifact (id) on delete cascade,
    version bigint not null,
    name {text} not null,
    content_type {text} not null,
    size bigint not null,
    sha256 {text} not null,
    blob_key {text} not null,
    created_by {text} references person (id) on delete set null,
    created_at bigint not null,
    primary key (artifact_id, version)
);
create index artifact_version_blob on artifact_version (blob_key);
create index artifact_version_creator on artifact_version (created_by);

create table artifact_alias (
    artifact_id {text} not null references artifact (id) on delete cascade,
    name {text} not null,
    version bigint not null,
    created_at bigint not null,
    primary key (artifact_id, name)
);

-- Since when the row is as it is (null: since it was made), and who brought its bytes when (null: who made it, then).
alter table artifact add column since bigint;
alter table artifact add column content_at bigint;
alter table artifact add column content_by {text} references person (id) on delete set null;
create index artifact_content_by on artifact (content_by) where content_by is not null;
create index artifact_trashed_at on artifact (deleted_at) where deleted_at is not null;

-- What an artifact was like from `since` until `until`, but for the time that it lay in the trash.
create table artifact_history (
    number {number},
    artifact_id {text} not null references artifact (id) on delete cascade,
    space_id {text} not null,
    since bigint not null,
    until bigint not null,
    name {text} not null,
    document_type {text} not null,
    status {text} not null,
    content_type {text} not null,
    size bigint not null,
    sha256 {text} not null,
    blob_key {text} not null,
    version bigint not null,
    metadata {text} not null,
    tags {text} not null,
    thread_ids {text} not null,
    updated_at bigint not null,
    error {text}
);
create index artifact_history_artifact on artifact_history (artifact_id);
create index artifact_history_space on artifact_history ((space_id || artifact_id), since, until);
create index artifact_history_until on artifact_history (until);

-- `turn` is when it is a job's turn among those that are due: see courtyard.core.queue.
alter table job add column turn bigint not null default 0;
create index job_turn on job (turn, number) where status = 'pending';
create index job_space_turn on job (space_id, kind, turn) where status = 'pending';
create index job_unsettled on job (space_id, id) where status <> 'completed';

-- What happened in spaces lately, for streams: forgotten after a day. On PostgreSQL `tx` is the transaction, because numbers
-- become visible in another order than they are given; on SQLite it is 0.
create table news (
    number {number},
    tx bigint not null,
    at bigint not null,
    space_id {text} not null,
    action {text} not null,
    object_id {text},
    person_id {text},
    detail {text} not null
);
create index news_order on news (tx, number);
create index news_space on news (space_id, tx, number);
