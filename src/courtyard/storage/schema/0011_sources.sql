-- The sources of documents that are still to be made take room in their spaces, as uploads under way do.

update space_usage set reserved_bytes = reserved_bytes + (
    select cast(coalesce(sum(g.source_size), 0) as bigint) from generation g
    join artifact a on a.id = g.artifact_id where a.space_id = space_usage.space_id
);
