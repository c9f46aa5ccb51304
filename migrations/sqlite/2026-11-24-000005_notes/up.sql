create table notes (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    organisation_id blob not null references organisations (id),
    counselling boolean not null,
    kind text not null,
    occurred_on date not null,
    sealed_text blob not null,
    author_id blob not null references accounts (id),
    mistaken_at timestamp,
    mistake_reason text,
    created_at timestamp not null,
    updated_at timestamp not null,
    version integer not null
);
create index notes_by_case on notes (case_id, counselling, occurred_on, id);
create table note_versions (
    note_id blob not null references notes (id),
    number integer not null,
    kind text not null,
    occurred_on date not null,
    sealed_text blob not null,
    written_at timestamp not null,
    primary key (note_id, number)
) without rowid;
create table attachments (
    id blob primary key not null,
    case_id blob not null references cases (id),
    person_id blob not null references persons (id),
    organisation_id blob not null references organisations (id),
    kind text not null,
    media_type text not null,
    size_bytes bigint not null,
    digest blob not null,
    file_name text not null,
    sealed_title blob not null,
    note_id blob references notes (id),
    consent_id blob references consents (id),
    added_by blob not null references accounts (id),
    voided_at timestamp,
    void_reason text,
    created_at timestamp not null,
    version integer not null
);
create index attachments_by_case on attachments (case_id, created_at, id);
create unique index attachments_by_file on attachments (file_name);
