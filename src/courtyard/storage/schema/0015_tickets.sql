-- Downloads by public links that have begun: `begun` of a link are those that hold a place and have not been counted yet.
-- A ticket opens the bytes until `content` (their SHA-256) was delivered in full, and a moment longer. `covered` are the
-- spans that were delivered, as JSON; `spent` is how many bytes were or are on their way, those sent again too.
alter table public_link add column begun bigint not null default 0;

create table link_ticket (
    number {number},
    hash {bytes} not null unique,
    link_id {text} not null references public_link (id) on delete cascade,
    content {text} not null,
    covered {text} not null,
    spent bigint not null,
    counted bigint not null default 0,
    until bigint not null
);
create index link_ticket_link on link_ticket (link_id);
create index link_ticket_until on link_ticket (until);
