-- What jobs found out about artifacts.
select 1;
