# shellcheck shell=bash
# A file of what was kept elsewhere: tried, imported whole, undone whole.

import() { # import MORE_OF_THE_QUERY: the file at hand
    ask manager POST "/imports?kind=persons$1" '' -H 'Content-Type: application/octet-stream' --data-binary "@$work/import.csv"
}
write_file() { # write_file LINE...: a file with these lines under the codes of the template
    printf '%s\n' 'name;sex;birth;case_category;case_received_on;case_unit_code' "$@" >"$work/import.csv"
}

old="Đinh Thị Sổ Cũ $(new_key)" # nobody on record bears it, also after a walk that stopped halfway

step 'A dry run names faults by line and column, and who looks like somebody; nothing is stored'
ask manager GET '/imports/templates/persons?format=csv'
want 200
grep -q 'case_received_on' "$work/body" || fail 'the template lacks its codes'
ask worker GET '/imports/templates/persons?format=csv'
refused 403 forbidden
write_file "$old;nữ;31/02/1990;nguy cơ cao;$today;$unit"
import '&dry_run=true'
want 200
same "$(field importable) $(field errors 0 line) $(field errors 0 column)" 'false 2 birth' 'fault'
import ''
refused 422 invalid
write_file 'Nguyễn Thị Minh Họa;nữ;1996;;;' "$old;nữ;1990;nguy cơ cao;$today;$unit"
import '&dry_run=true'
want 200
same "$(field importable) $(field duplicates 0 line)" 'false 2' 'line that looks like a person on record'

step 'Decided, the file is imported once, and undone as a whole'
import '&skip_lines=2'
want 201
import=$(field id)
same "$(field rows_read) $(field rows_skipped) $(field persons_made) $(field cases_made)" '2 1 1 1' 'what the import made'
import '&skip_lines=2&import_lines=3' # whatever is decided
refused 409 file_imported
change manager "/imports/$import" undo '{}'
want 200
same "$(field state)" undone 'state of the import'
change manager "/imports/$import" undo '{}'
refused 409 already_undone

step 'What somebody has built on stays: an import of the demo, on which the centre works'
ask manager GET '/imports?limit=200'
want 200
worked_on=$(python3 -IS -c '
import json, sys
standing = [i for i in json.load(sys.stdin)["items"] if i["kind"] == "persons" and i["state"] == "done"]
print(standing[-1]["id"])' <<<"$body")
change manager "/imports/$worked_on" undo '{}'
refused 409 built_on
ask auditor GET "/audit/trail/import/$import"
want 200
same "$(field items 0 action) $(field items 1 action)" 'create void' 'trail of the import'
