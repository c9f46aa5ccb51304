-- Every version of a plan: a figure that was published keeps the definition it was made with.
create table plan_versions (
    code text not null,
    version integer not null,
    -- The file as it was.
    content text not null,
    -- Who imported it; none when it came with the program.
    origin text not null,
    stored_at timestamp not null,
    primary key (code, version)
) without rowid;
