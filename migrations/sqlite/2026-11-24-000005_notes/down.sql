drop table attachments;
drop table note_versions;
drop table notes;
