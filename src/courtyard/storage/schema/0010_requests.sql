-- What credentials and sessions did lately, the installation in numbers, and the workers that are alive. None refers to rows
-- elsewhere: they are written in batches, later than what they tell of, and go after some days by themselves.

-- `credential_id` may be a session's; `micros` is how long the answer took. There is no query: it may hold anything.
create table request (
    number {number},
    at bigint not null,
    person_id {text} not null,
    organization_id {text},
    credential_id {text},
    application_id {text},
    dialect {text} not null,
    method {text} not null,
    route {text} not null,
    path {text} not null,
    status bigint not null,
    micros bigint not null,
    address {text} not null,
    request_id {text} not null
);
create index request_person on request (person_id, number);
create index request_organization on request (organization_id, number) where organization_id is not null;

-- One number for each hour and name: sums of what happened in it, or what was there when it was measured last.
create table statistic (
    hour bigint not null,
    name {text} not null,
    value bigint not null,
    primary key (hour, name)
);
create index job_completed on job (completed_at) where completed_at is not null;

create table worker (
    id {text} primary key,
    name {text} not null,
    version {text} not null,
    started_at bigint not null,
    seen_at bigint not null
);
