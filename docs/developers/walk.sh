#!/usr/bin/env bash
# Walks docs/developers/api.md against a running demo and fails at the first step that does not do what
# the text says. The parts are in walk/, in the order in which they stand at the end of this file.
#
#   docs/developers/walk.sh [BASE_URL [DATA_DIR]]     default: http://127.0.0.1:8080 data/demo
#
# Needs bash, curl and python3. It adds made-up persons to the demo at each run.
set -euo pipefail

base=${1:-http://127.0.0.1:8080}
data=${2:-data/demo}
api=$base/api/v1
parts=$(dirname "${BASH_SOURCE[0]}")/walk
today=$(TZ=UTC-7 date +%F) # the civil date of Vietnam
year=${today%%-*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A token refresh
status='' body=''

# shellcheck source=walk/tools.sh
. "$parts/tools.sh"

step 'The server is ready'
for _ in $(seq 60); do
    curl -fsS -o /dev/null "$base/readyz" 2>/dev/null && break
    sleep 1
done
status=$(curl -sS -o "$work/body" -w '%{http_code}' "$base/readyz" || true)
body=$(cat "$work/body" 2>/dev/null || true)
[ "$status" = 200 ] || fail "$base/readyz is not ready after a minute"
[ "$year" -le 2030 ] || fail 'the plan of the demo ends in 2030'

step 'Every account of accounts.json logs in'
for name in $(python3 -c 'import json,sys; print(*(a["username"] for a in json.load(open(sys.argv[1]))))' "$data/accounts.json"); do
    login "$name" "$name"
    ask "$name" GET /me
    want 200
    say "$name: $(field roles 0 role)"
done
login worker "$(first_of social_worker)"
login manager "$(first_of centre_manager)"
login receiver "$(first_of centre_manager quanly.tphochiminh)"
login taker "$(first_of social_worker nhanvien1.tphochiminh)"
login school "$(first_of partner vocational-school)"
login lender "$(first_of partner lender)"
login society "$(first_of partner social-organisation)"
login shelter "$(first_of partner victim-support)"
login counsellor "$(first_of counsellor)"
login supervisor "$(first_of supervisor)"
login auditor "$(first_of auditor)"
login administrator "$(first_of administrator)"
login leader "$(first_of peer_leader)"
centre=$(organisation_of manager)
school=$(organisation_of school)
lender=$(organisation_of lender)
society=$(organisation_of society)
shelter=$(organisation_of shelter)
receiver=$(organisation_of receiver)

for part in main_job errors auditor training loans stays transfer imports groups units sessions; do
    # shellcheck source=/dev/null
    . "$parts/$part.sh"
done

step "The walk did what the text says, at the centre $centre"
