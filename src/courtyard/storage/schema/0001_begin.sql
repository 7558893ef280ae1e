-- Times are milliseconds UTC, flags 0 or 1, JSON is text. `number` gives the order of birth; `id` is what other rows and the wire use.

create table installation (
    name {text} primary key,
    value {text} not null
);

create table person (
    number {number},
    id {text} not null unique,
    email {text} not null,
    email_folded {text} not null unique,
    username {text} not null,
    username_folded {text} not null unique,
    phone {text},
    password_hash {text},
    state {text} not null check (state in ('active', 'invited', 'disabled')),
    is_administrator bigint not null default 0,
    referral_code {text} not null unique,
    created_at bigint not null,
    updated_at bigint not null
);

create table credential (
    number {number},
    id {text} not null unique,
    person_id {text} not null references person (id) on delete cascade,
    kind {text} not null check (kind in ('key', 'login', 'access', 'refresh')),
    name {text} not null,
    hash {bytes} not null unique,
    prefix {text} not null,
    last4 {text} not null,
    scopes {text} not null,
    spaces {text},
    networks {text},
    created_at bigint not null,
    expires_at bigint,
    revoked_at bigint,
    last_used_at bigint,
    last_used_address {text},
    last_used_dialect {text}
);
create index credential_person on credential (person_id, number);

create table organization (
    number {number},
    id {text} not null unique,
    handle {text} not null unique,
    token {text} not null unique,
    name {text} not null,
    personal_of {text} unique references person (id),
    created_at bigint not null,
    updated_at bigint not null
);

create table organization_member (
    organization_id {text} not null references organization (id) on delete cascade,
    person_id {text} not null references person (id) on delete cascade,
    role {text} not null check (role in ('owner', 'admin', 'member')),
    created_at bigint not null,
    primary key (organization_id, person_id)
);
create index organization_member_person on organization_member (person_id, organization_id);
create index organization_member_joined on organization_member (organization_id, created_at, person_id);

create table space (
    number {number},
    id {text} not null unique,
    token {text} not null unique,
    slug {text} not null unique,
    name {text} not null,
    name_folded {text} not null,
    description {text},
    visibility {text} not null check (visibility in ('private', 'shared', 'public')),
    organization_id {text} not null references organization (id),
    owner_id {text} not null references person (id),
    space_type {text} not null,
    content_type {text} not null,
    logo_url {text},
    metadata {text} not null,
    background_key {text},
    background_type {text},
    background_size bigint,
    background_sha256 {text},
    created_at bigint not null,
    updated_at bigint not null
);
create index space_public on space (id) where visibility = 'public';
create index space_organization on space (organization_id, id);
create index space_shared on space (organization_id, id) where visibility = 'shared';
create index space_owner on space (owner_id, id);
create index space_background on space (background_key) where background_key is not null;

create table member (
    space_id {text} not null references space (id) on delete cascade,
    person_id {text} not null references person (id) on delete cascade,
    role {text} not null check (role in ('owner', 'admin', 'editor', 'viewer')),
    created_at bigint not null,
    primary key (space_id, person_id)
);
create index member_person on member (person_id, space_id);
create index member_joined on member (space_id, created_at, person_id);
create unique index member_owner on member (space_id) where role = 'owner';

create table invitation (
    number {number},
    id {text} not null unique,
    space_id {text} references space (id) on delete cascade,
    organization_id {text} references organization (id) on delete cascade,
    person_id {text} not null references person (id) on delete cascade,
    email {text} not null,
    role {text} not null,
    state {text} not null check (state in ('open', 'accepted', 'revoked')),
    token_hash {bytes} unique,
    invited_by {text} references person (id) on delete set null,
    created_at bigint not null,
    expires_at bigint not null,
    sent_at bigint not null,
    check ((space_id is null) <> (organization_id is null))
);
create index invitation_space on invitation (space_id, id);
create index invitation_organization on invitation (organization_id, id);
create index invitation_person on invitation (person_id);

create table thread (
    number {number},
    id {text} not null unique,
    space_id {text} not null references space (id) on delete cascade,
    title {text} not null,
    status {text} not null check (status in ('open', 'archived')),
    metadata {text} not null,
    created_by {text} references person (id) on delete set null,
    created_at bigint not null,
    updated_at bigint not null
);
create index thread_space on thread (space_id, id);

create table message (
    number {number},
    id {text} not null unique,
    thread_id {text} not null references thread (id) on delete cascade,
    role {text} not null check (role in ('user', 'assistant')),
    content {text} not null,
    metadata {text} not null,
    created_by {text} references person (id) on delete set null,
    created_at bigint not null
);
create index message_thread on message (thread_id, id);

create table customer (
    number {number},
    id {text} not null unique,
    space_id {text} not null references space (id) on delete cascade,
    name {text} not null,
    email {text},
    email_folded {text},
    metadata {text} not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (email_folded, space_id)
);
create index customer_space on customer (space_id, id);

create table artifact (
    number {number},
    id {text} not null unique,
    space_id {text} not null references space (id) on delete cascade,
    name {text} not null,
    document_type {text} not null,
    status {text} not null check (status in ('pending', 'processing', 'completed', 'failed')),
    content_type {text} not null,
    size bigint not null,
    sha256 {text} not null,
    blob_key {text} not null unique,
    text_excerpt {text},
    version bigint not null,
    metadata {text} not null,
    tags {text} not null,
    thread_ids {text} not null,
    created_by {text} references person (id) on delete set null,
    created_at bigint not null,
    updated_at bigint not null,
    deleted_at bigint,
    error {text}
);
create index artifact_space on artifact (space_id);
-- One key of two columns: no other index gives its order, so that PostgreSQL cannot choose a worse one for a page.
create index artifact_present on artifact ((space_id || id)) where deleted_at is null;
create index artifact_status on artifact (space_id, status, id) where deleted_at is null;
create index artifact_type on artifact (space_id, document_type, id) where deleted_at is null;
create index artifact_trash on artifact (space_id, id) where deleted_at is not null;

create table artifact_thread (
    artifact_id {text} not null references artifact (id) on delete cascade,
    thread_id {text} not null references thread (id) on delete cascade,
    primary key (thread_id, artifact_id)
);
create index artifact_thread_artifact on artifact_thread (artifact_id);

-- A lease with a fencing number: `fence` grows at each claim, and only its holder may settle.
create table job (
    number {number},
    id {text} not null unique,
    kind {text} not null,
    space_id {text} references space (id) on delete cascade,
    artifact_id {text} references artifact (id) on delete cascade,
    payload {text} not null,
    status {text} not null check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    progress bigint not null default 0,
    message {text},
    attempt bigint not null default 0,
    max_attempts bigint not null,
    error {text},
    fence bigint not null default 0,
    due_at bigint not null,
    lease_until bigint,
    created_by {text} references person (id) on delete set null,
    created_at bigint not null,
    started_at bigint,
    completed_at bigint
);
create index job_due on job (due_at, number) where status = 'pending';
create index job_lease on job (lease_until) where status = 'processing';
create index job_artifact on job (artifact_id, id);
create index job_space on job (space_id, id);

create table idempotency (
    actor {text} not null,
    key {text} not null,
    fingerprint {bytes} not null,
    status bigint not null,
    headers {text} not null,
    body {bytes} not null,
    created_at bigint not null,
    primary key (actor, key)
);
create index idempotency_age on idempotency (created_at);

-- The audit trail: rows are only ever added. Seals chain them: each covers the rows up to `last_number` and the seal before it.
create table event (
    number {number},
    id {text} not null unique,
    at bigint not null,
    action {text} not null,
    result {text} not null,
    privileged bigint not null,
    person_id {text},
    credential_id {text},
    application_id {text},
    dialect {text},
    address {text},
    request_id {text},
    space_id {text},
    object_id {text},
    detail {text} not null
);
create index event_person on event (person_id, number);
create index event_space on event (space_id, number);

create table seal (
    number {number},
    last_number bigint not null unique,
    count bigint not null,
    previous {text} not null unique,
    hash {text} not null,
    at bigint not null
);

-- The outbox. No secret rests here: a token that a mail carries is made when the mail is sent. `handed` is a mail whose
-- text is on its way to the server: it is never sent again (see courtyard.core.mail).
create table mail (
    number {number},
    id {text} not null unique,
    kind {text} not null,
    recipient {text} not null,
    payload {text} not null,
    state {text} not null check (state in ('waiting', 'handed', 'sent', 'dropped')),
    attempt bigint not null,
    fence bigint not null default 0,
    due_at bigint not null,
    created_at bigint not null,
    sent_at bigint
);
create index mail_due on mail (due_at) where state in ('waiting', 'handed');

create table hook (
    number {number},
    id {text} not null unique,
    person_id {text} not null references person (id) on delete cascade,
    event {text} not null,
    target_url {text} not null,
    created_at bigint not null
);
create index hook_person on hook (person_id, number);
create index hook_event on hook (event);

-- Blobs that no row names any more: removed from the store after the commit that let go of them.
create table blob_garbage (
    key {text} primary key,
    at bigint not null
);
