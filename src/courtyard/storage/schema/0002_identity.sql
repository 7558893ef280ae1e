-- Sessions of browsers, second factors, mailed tokens, OAuth 2 applications. Of every secret only its SHA-256 rests here.

alter table person add column email_verified_at bigint;

create table session (
    number {number},
    id {text} not null unique,
    person_id {text} not null references person (id) on delete cascade,
    hash {bytes} not null unique,
    state {text} not null check (state in ('second', 'open', 'ended')),
    address {text},
    agent {text},
    created_at bigint not null,
    seen_at bigint not null,
    confirmed_at bigint not null,
    expires_at bigint not null
);
create index session_person on session (person_id, id);

-- `secret` is encrypted with the installation's key; `last_step` is the newest time step that was used, so none works twice.
create table totp (
    person_id {text} primary key references person (id) on delete cascade,
    secret {bytes} not null,
    confirmed_at bigint,
    last_step bigint not null default 0
);

create table recovery_code (
    person_id {text} not null references person (id) on delete cascade,
    hash {bytes} not null,
    used_at bigint,
    primary key (person_id, hash)
);

create table passkey (
    number {number},
    id {text} not null unique,
    person_id {text} not null references person (id) on delete cascade,
    credential_id {bytes} not null unique,
    public_key {bytes} not null,
    sign_count bigint not null,
    name {text} not null,
    created_at bigint not null,
    last_used_at bigint
);
create index passkey_person on passkey (person_id, id);

create table challenge (
    id {text} primary key,
    kind {text} not null,
    value {bytes} not null,
    person_id {text} references person (id) on delete cascade,
    expires_at bigint not null
);

create table mailed_token (
    number {number},
    id {text} not null unique,
    person_id {text} not null references person (id) on delete cascade,
    kind {text} not null check (kind in ('verify', 'reset', 'change_email')),
    email {text} not null,
    hash {bytes} unique,
    state {text} not null check (state in ('open', 'used', 'void')),
    created_at bigint not null,
    expires_at bigint not null
);
create index mailed_token_person on mailed_token (person_id, kind);

create table provider_link (
    provider {text} not null,
    subject {text} not null,
    person_id {text} not null references person (id) on delete cascade,
    created_at bigint not null,
    primary key (provider, subject)
);
create index provider_link_person on provider_link (person_id);

create table application (
    number {number},
    id {text} not null unique,
    client_id {text} not null unique,
    secret_hash {bytes},
    secret_last4 {text},
    name {text} not null,
    logo_url {text},
    redirect_uris {text} not null,
    scopes {text} not null,
    public bigint not null,
    owner_id {text} not null references person (id) on delete cascade,
    created_at bigint not null,
    updated_at bigint not null
);
create index application_owner on application (owner_id, id);

-- One row for each application that a person lets in; withdrawing it ends every token of its families.
create table consent (
    number {number},
    id {text} not null unique,
    person_id {text} not null references person (id) on delete cascade,
    application_id {text} not null references application (id) on delete cascade,
    scopes {text} not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (person_id, application_id)
);

create table authorization_code (
    hash {bytes} primary key,
    application_id {text} not null references application (id) on delete cascade,
    person_id {text} not null references person (id) on delete cascade,
    family {text} not null,
    redirect_uri {text} not null,
    scopes {text} not null,
    challenge {text} not null,
    nonce {text},
    authenticated_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);
create index authorization_code_age on authorization_code (expires_at);

create table device_code (
    hash {bytes} primary key,
    user_code {text} not null unique,
    application_id {text} not null references application (id) on delete cascade,
    scopes {text} not null,
    state {text} not null check (state in ('waiting', 'allowed', 'denied', 'used')),
    person_id {text} references person (id) on delete cascade,
    polled_at bigint not null,
    pause bigint not null,
    expires_at bigint not null
);

-- Credentials of applications and organizations. `family` joins what came of one consent; `grace_until` lets a rotated one
-- work beside its successor for a while.
alter table credential add column organization_id {text} references organization (id) on delete cascade;
alter table credential add column application_id {text} references application (id) on delete cascade;
alter table credential add column family {text};
alter table credential add column successor_id {text};
alter table credential add column grace_until bigint;
alter table credential add column warned_at bigint;
create index credential_family on credential (family) where family is not null;
create index credential_organization on credential (organization_id, number) where organization_id is not null;
create index credential_expiry on credential (expires_at) where revoked_at is null and kind = 'key';

-- A person's own security events: what they did, and what was done or tried with their account.
create index event_own on event (person_id, id) where space_id is null;
create index event_about on event (object_id, id) where space_id is null;

-- What a person leaves behind when the account goes is found by them, not by reading everything.
create index artifact_creator on artifact (created_by);
create index thread_creator on thread (created_by);
create index message_creator on message (created_by);
create index job_creator on job (created_by);
create index invitation_inviter on invitation (invited_by);
create index challenge_person on challenge (person_id);
create index authorization_code_person on authorization_code (person_id);
create index device_code_person on device_code (person_id);
