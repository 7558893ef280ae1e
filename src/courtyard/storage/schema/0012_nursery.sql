-- An import that is under way makes its space in steps, where nobody sees it; this is that space.
alter table space_import add column space_id {text};
