-- Search: one document for each space, thread, message and artifact, written in the transaction of what it is about (see
-- courtyard.core.indexing). Its `number` is new whenever its words are, so that the order of numbers is the newest first.
-- It goes with its thing. `space_id` refers to nothing: whoever holds a thing and writes its document must not wait for the
-- row of the space, whose end waits for the thing.
create table search_document (
    number {number},
    kind {text} not null check (kind in ('space', 'thread', 'message', 'artifact')),
    space_id {text} not null,
    itself_id {text} unique references space (id) on delete cascade,
    artifact_id {text} unique references artifact (id) on delete cascade,
    thread_id {text} unique references thread (id) on delete cascade,
    message_id {text} unique references message (id) on delete cascade
);

-- Where the making of documents for what is there already has come to, one row for each kind that is not done.
create table search_backlog (
    kind {text} primary key,
    past {text} not null
);
insert into search_backlog (kind, past) values ('space', ''), ('thread', ''), ('message', ''), ('artifact', '');

-- Documents that went, while their words are still in the index of SQLite: a trigger may not write to a virtual table. No
-- number is given twice, so words without a document are found by nobody until they are swept.
create table search_gone (
    number bigint primary key
);

-- The words are cut and folded by us: the tokenizer only parts them at spaces.
-- sqlite:
create virtual table search_word using fts5(place, title, body, tokenize = 'ascii', prefix = '1 2 3');
create trigger search_document_removed after delete on search_document begin
    insert into search_gone (number) values (old.number) on conflict (number) do nothing;
end;
-- postgres:
alter table search_document add column words tsvector not null;
create index search_document_words on search_document using gin (words);
-- both:
