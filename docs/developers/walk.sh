#!/usr/bin/env bash
# Walks the main job of docs/developers/api.md against a running demo and fails at
# the first step that does not do what the text says.
#
#   docs/developers/walk.sh [BASE_URL [DATA_DIR]]     default: http://127.0.0.1:8080 data/demo
#
# Needs bash, curl and python3. It adds made-up persons to the demo at each run.
set -euo pipefail

base=${1:-http://127.0.0.1:8080}
data=${2:-data/demo}
api=$base/api/v1
today=$(TZ=UTC-7 date +%F) # the civil date of Vietnam
year=${today%%-*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A token refresh
status='' body=''

# --- Helpers -------------------------------------------------------------------

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
fail() {
    printf 'walk.sh: %s\n   status %s\n   body %s\n' "$*" "$status" "$body" >&2
    exit 1
}

# json PATH... < document: one value out of a JSON document.
json() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name)] if isinstance(value, list) else value[name]
print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))' "$@"
}
field() { json "$@" <<<"$body"; }
new_key() { python3 -c 'import uuid; print(uuid.uuid4())'; }
etag() { sed -n 's/^etag: *\(.*[^[:cntrl:]]\).*$/\1/Ip' "$work/headers"; }

# ask WHO METHOD PATH [BODY [CURL OPTION...]]: sets status and body. A POST gets a fresh
# Idempotency-Key unless the options name one.
ask() {
    local who=$1 method=$2 path=$3 sent=${4-}
    shift $(($# < 4 ? $# : 4))
    local options=(-sS -X "$method" -D "$work/headers" -o "$work/body" -w '%{http_code}' "$@")
    [ "$who" = nobody ] || options+=(-H "Authorization: Bearer ${token[$who]}")
    [ -z "$sent" ] || options+=(-H 'Content-Type: application/json' --data-binary "$sent")
    if [ "$method" = POST ] && ! grep -qi 'idempotency-key' <<<"$*"; then
        options+=(-H "Idempotency-Key: $(new_key)")
    fi
    : >"$work/body"
    status=$(curl "${options[@]}" "$api$path")
    body=$(cat "$work/body")
}

want() { [ "$status" = "$1" ] || fail "expected status $1"; }
same() { [ "$1" = "$2" ] || fail "$3: expected «$2», got «$1»"; }
refused() { # refused STATUS CODE: a problem document that says why
    want "$1"
    same "$(field code)" "$2" 'problem code'
    same "$(field status)" "$1" 'status in the problem document'
    grep -qi '^content-type: application/problem+json' "$work/headers" || fail 'not a problem document'
    say "$1 $2: $(field title)"
}

password_of() { # the login body of one account of accounts.json
    python3 -c '
import json, sys
account = next(a for a in json.load(open(sys.argv[1])) if a["username"] == sys.argv[2])
print(json.dumps({"username": account["username"], "password": account["password"]}))' "$data/accounts.json" "$1"
}
first_of() { # the first account of a role, of which the name starts so
    python3 -c '
import json, sys
accounts = json.load(open(sys.argv[1]))
print(next(a["username"] for a in accounts if a["role"] == sys.argv[2] and a["username"].startswith(sys.argv[3])))' \
        "$data/accounts.json" "$1" "${2-}"
}
login() { # login NAME USERNAME
    status=$(curl -sS -o "$work/body" -w '%{http_code}' -H 'Content-Type: application/json' \
        --data-binary @- "$api/auth/login" < <(password_of "$2"))
    body=$(cat "$work/body")
    want 200
    token[$1]=$(field access_token)
    refresh[$1]=$(field refresh_token)
}
organisation_of() { ask "$1" GET /me; want 200; field roles 0 organisation_id; }

read_figure() { # the manager's exact figure: sets numerator, denominator, clients, assessed
    ask manager GET "/programmes/demo-2026/indicators/808-10/figure?year=$year"
    want 200
    numerator=$(field numerator) denominator=$(field denominator)
    clients=$(field clients) assessed=$(field assessed)
    say "808-10 in $year: $numerator of $denominator; $clients clients, $assessed assessed"
}
figure_is() { # figure_is NUMERATOR DENOMINATOR CLIENTS ASSESSED: how far each moved since the start
    read_figure
    same "$((numerator - numerator_0)) $((denominator - denominator_0)) $((clients - clients_0)) $((assessed - assessed_0))" \
        "$*" 'movement of the exact figure'
}
read_releases() { # every release as the supervisor reads it
    ask supervisor GET /statistics/releases
    want 200
    local number
    printf '%s\n' "$body"
    for number in $(python3 -c 'import json,sys; print(*(r["number"] for r in json.load(sys.stdin)["items"]))' <<<"$body"); do
        ask supervisor GET "/statistics/releases/$number"
        want 200
        printf '%s\n' "$body"
    done
}

# refer SERVICE ORGANISATION: consent, draft, sending; sets referral
refer() {
    ask worker POST "/persons/$person/consents" "{\"purpose\":\"referral\",\"recipient_organisation_id\":\"$2\",\"given_by\":\"self\",\"given_on\":\"$today\",\"proof\":\"written_signature\"}"
    want 201
    ask worker POST /referrals "{\"case_id\":\"$case\",\"service_type\":\"$1\",\"to_organisation_id\":\"$2\",\"message\":\"Chỉ liên lạc buổi tối.\"}"
    want 201
    referral=$(field id)
    ask worker POST "/referrals/$referral/send" '{}' -H "If-Match: $(etag)"
    want 200
    same "$(field status)" sent 'status of the referral'
    say "$1: answer due on $(field answer_due_on)"
}
# take WHO VERB [BODY]: a step of the recipient with the referral
take() {
    ask "$1" GET "/referrals/$referral"
    want 200
    ask "$1" POST "/referrals/$referral/$2" "${3-"{}"}" -H "If-Match: $(etag)"
    want 200
}

# --- The walk ------------------------------------------------------------------

step 'The server is ready'
for _ in $(seq 60); do
    curl -fsS -o /dev/null "$base/readyz" 2>/dev/null && break
    sleep 1
done
status=$(curl -sS -o "$work/body" -w '%{http_code}' "$base/readyz" || true)
body=$(cat "$work/body" 2>/dev/null || true)
[ "$status" = 200 ] || fail "$base/readyz is not ready after a minute"
[ "$year" -le 2026 ] || fail 'the plan demo-2026 ends in 2026'

step 'Every account of accounts.json logs in'
for name in $(python3 -c 'import json,sys; print(*(a["username"] for a in json.load(open(sys.argv[1]))))' "$data/accounts.json"); do
    login "$name" "$name"
    ask "$name" GET /me
    want 200
    say "$name: $(field roles 0 role)"
done
login worker "$(first_of social_worker)"
login manager "$(first_of centre_manager)"
login school "$(first_of partner vocational-school)"
login lender "$(first_of partner lender)"
login society "$(first_of partner social-organisation)"
login counsellor "$(first_of counsellor)"
login supervisor "$(first_of supervisor)"
login auditor "$(first_of auditor)"
login administrator "$(first_of administrator)"
centre=$(organisation_of manager)
school=$(organisation_of school)
lender=$(organisation_of lender)
society=$(organisation_of society)

step 'Before: the exact figure of the centre, and what the supervisor reads'
read_figure
numerator_0=$numerator denominator_0=$denominator clients_0=$clients assessed_0=$assessed
read_releases >"$work/releases.before"
say "$(wc -l <"$work/releases.before") lines of releases"

step 'The worker finds the commune, without accents'
ask worker GET "/admin-units?name=hoan%20kiem&level=commune&on=$today"
want 200
unit=$(field items 0 code)
say "$unit $(field items 0 name_vi), $(field items 0 parents 0 name_vi)"

step 'The worker registers a person'
ask worker POST /persons "{\"name\":\"Nguyễn Thị Minh Họa\",\"sex\":\"female\",\"birth\":{\"precision\":\"year\",\"year\":1996},\"nationality\":\"VN\",\"residence_unit_code\":\"$unit\",\"phone\":\"0900000000\",\"safe_contact\":\"Chỉ nhắn tin, sau 19 giờ.\",\"categories\":[\"person_selling_sex\"]}"
want 201
person=$(field id)

step 'The worker records consents: support, and referral naming the recipient'
ask worker POST "/persons/$person/consents" "{\"purpose\":\"support\",\"given_by\":\"self\",\"given_on\":\"$today\",\"proof\":\"written_signature\"}"
want 201

step 'The worker opens a case and moves it to receiving support'
ask worker POST /cases "{\"person_id\":\"$person\",\"unit_code\":\"$unit\",\"category\":\"person_selling_sex\",\"received_on\":\"$today\",\"summary\":\"Muốn học nghề may.\"}"
want 201
case=$(field id)
same "$(field status)" received 'status of the case'
version=$(etag)
ask worker POST /cases "{\"person_id\":\"$person\",\"unit_code\":\"$unit\",\"category\":\"at_risk\",\"received_on\":\"$today\"}"
refused 409 open_case_exists
for to in screened receiving_support; do
    ask worker POST "/cases/$case/status" "{\"to\":\"$to\",\"occurred_on\":\"$today\"}" -H "If-Match: $version"
    want 200
    same "$(field status)" "$to" 'status of the case'
    version=$(etag)
done
figure_is 0 0 1 0

step 'A draft without assessed need, and without consent, cannot be sent'
ask worker POST /referrals "{\"case_id\":\"$case\",\"service_type\":\"vocational_training\",\"to_organisation_id\":\"$school\"}"
want 201
draft=$(field id) version=$(etag)
ask worker POST "/referrals/$draft/send" '{}' -H "If-Match: $version"
refused 409 not_assessed

step 'The worker assesses needs and eligibility'
need() { printf '{"service_type":"%s","in_need":true,"eligible":true,"reason":"programme"}' "$1"; }
ask worker POST "/cases/$case/assessments" "{\"assessed_on\":\"$today\",\"needs\":[$(need vocational_training),$(need social_support),$(need loan)]}"
want 201
figure_is 0 1 1 1
ask worker POST "/referrals/$draft/send" '{}' -H "If-Match: $version"
refused 409 consent_missing
ask worker POST "/referrals/$draft/cancel" '{}' -H "If-Match: $version"
want 200

step 'Referral to vocational training'
refer vocational_training "$school"

step 'The school reads the minimum and no more'
ask school GET "/referrals/$referral"
want 200
same "$(field person)" null 'person before acceptance'
same "$(field age_group)" adult 'age group'
grep -q "$case\|$person\|person_selling_sex\|Minh Họa" <<<"$body" && fail 'the minimum says too much'
ask school GET "/cases/$case"
refused 403 forbidden
ask lender GET "/referrals/$referral"
refused 404 not_found

step 'The school accepts, reads the person, starts'
take school accept
same "$(field status)" accepted 'status of the referral'
same "$(field person name)" 'Nguyễn Thị Minh Họa' 'name after acceptance'
same "$(field person safe_contact)" 'Chỉ nhắn tin, sau 19 giờ.' 'rule for safe contact'
grep -q "$case\|$person\|person_selling_sex" <<<"$body" && fail 'the school learns case, person id or category'
take school start
same "$(field status)" in_service 'status of the referral'
figure_is 0 1 1 1

step 'The school records what it gave, and completes'
ask school POST /deliveries "{\"referral_id\":\"$referral\",\"service_type\":\"vocational_training\",\"delivered_on\":\"$today\",\"form\":\"in_kind\"}"
want 201
figure_is 1 1 1 1
take school complete '{"outcome":"achieved"}'
same "$(field status)" completed 'status of the referral'
same "$(field person)" null 'person after completion'
training=$referral

step 'Variant: social support by a social organisation, and by the centre itself'
refer social_support "$society"
take society accept
take society start
ask society POST /deliveries "{\"referral_id\":\"$referral\",\"service_type\":\"social_support\",\"delivered_on\":\"$today\",\"form\":\"in_kind\"}"
want 201
take society complete '{"outcome":"partly_achieved"}'
ask worker POST /deliveries "{\"case_id\":\"$case\",\"service_type\":\"social_support\",\"delivered_on\":\"$today\",\"form\":\"money\",\"amount_dong\":500000}"
want 201

step 'Variant: a loan; the lender never learns why the programme meets the person'
refer loan "$lender"
take lender accept
grep -q 'person_selling_sex\|categor' <<<"$body" && fail 'the lender reads a reason category'
take lender start
ask lender POST /deliveries "{\"referral_id\":\"$referral\",\"service_type\":\"loan\",\"delivered_on\":\"$today\",\"form\":\"money\",\"amount_dong\":20000000}"
want 201
take lender complete '{"outcome":"achieved"}'

step 'After: the exact figure moved by one person, whatever the number of services'
figure_is 1 1 1 1

step 'The release did not move; the supervisor reads no case, person, referral or exact figure'
read_releases >"$work/releases.after"
cmp -s "$work/releases.before" "$work/releases.after" || fail 'the releases changed'
for path in /cases "/cases/$case" /persons "/persons/$person" /referrals "/referrals/$training" \
    "/programmes/demo-2026/indicators/808-10/figure?year=$year" "/audit/trail/case/$case" /organisations; do
    ask supervisor GET "$path"
    refused 403 forbidden
done
ask supervisor GET /statistics/releases/999999
refused 404 not_found

step 'A case out of reach is a case that does not exist'
ask counsellor GET "/cases/$case"
refused 404 not_found
ask counsellor GET "/cases/$(new_key)"
refused 404 not_found
ask administrator GET "/cases/$case"
refused 403 forbidden

step 'A withdrawn consent closes what depends on it'
refer social_support "$society"
ask worker GET "/persons/$person/consents"
want 200
consents() { # of the consents just read that name the society: how many stand, and the first id
    python3 -c '
import json, sys
own = [c for c in json.load(sys.stdin)["items"] if c["recipient_organisation_id"] == sys.argv[1]]
print(sum(c["withdrawn_on"] is None for c in own), own[0]["id"])' "$society" <<<"$body"
}
read -r standing consent <<<"$(consents)"
same "$standing" 2 'consents to this recipient'
ask worker POST "/persons/$person/consents/$consent/withdraw" '' -H 'If-Match: "1"'
want 200
ask worker GET "/persons/$person/consents"
want 200
read -r standing _ <<<"$(consents)"
same "$standing" 0 'consents to this recipient that still stand'
ask worker POST "/persons/$person/consents/$consent/withdraw" '' -H 'If-Match: "2"'
refused 409 already_withdrawn
ask worker GET "/referrals/$referral"
want 200
same "$(field status)" cancelled 'status of the referral without consent'
ask society GET "/referrals/$referral"
refused 404 not_found

step 'Errors: fields, versions, repeated requests'
ask nobody GET /me
refused 401 unauthenticated
ask worker POST /persons '{"name":"A","sex":"female","birth":{"precision":"unknown"},"colour":"red"}'
refused 400 malformed
same "$(field errors 0 field) $(field errors 0 rule)" 'colour unknown_field' 'field error'
ask worker POST /persons '{"name":"A","sex":"female","birth":{"precision":"exact"}}'
refused 422 invalid
same "$(field errors 0 field) $(field errors 0 rule)" 'birth.date required' 'field error'
ask worker PATCH "/cases/$case" '{"summary":"Đã học xong."}'
refused 428 version_required
ask worker PATCH "/cases/$case" '{"summary":"Đã học xong."}' -H 'If-Match: "1"'
refused 412 version_stale
say "the record has $(etag) now; changed: $(field changed)"
ask worker PATCH "/cases/$case" '{"summary":"Đã học xong."}' -H "If-Match: $(etag)"
want 200
ask worker POST "/cases/$case/status" "{\"to\":\"confirmed\",\"occurred_on\":\"$today\"}" -H "If-Match: $(etag)"
refused 409 illegal_transition
key=$(new_key)
gift="{\"case_id\":\"$case\",\"service_type\":\"travel\",\"delivered_on\":\"$today\",\"form\":\"money\",\"amount_dong\":150000}"
ask worker POST /deliveries "$gift" -H "Idempotency-Key: $key"
want 201
first=$(field id)
ask worker POST /deliveries "$gift" -H "Idempotency-Key: $key"
want 201
same "$(field id)" "$first" 'the repeated request'
ask worker POST /deliveries "${gift/150000/160000}" -H "Idempotency-Key: $key"
refused 422 idempotency_key_reused
ask worker POST /deliveries "$gift" -H 'Idempotency-Key;'
refused 400 malformed

step 'Paging: two pages of two are one page of four'
ids() { python3 -c 'import json,sys; print(*(i["id"] for i in json.load(sys.stdin)["items"]))' <<<"$body"; }
ask worker GET '/cases?limit=4'
want 200
four=$(ids)
ask worker GET '/cases?limit=2'
two=$(ids)
ask worker GET "/cases?limit=2&cursor=$(field next_cursor)"
same "$two $(ids)" "$four" 'pages'
ask worker GET '/cases?limit=201'
refused 422 invalid

step 'The auditor reads who did what, and who looked, without content'
ask auditor GET "/audit/trail/case/$case"
want 200
say "$(python3 -c 'import json,sys; print(*(e["action"] for e in json.load(sys.stdin)["items"]))' <<<"$body")"
same "$(field items 0 action)" create 'first entry of the trail'
grep -q 'may\|Minh Họa' <<<"$body" && fail 'the trail holds content'
ask school GET /me
ask auditor GET "/audit/views?account_id=$(field account_id)&limit=200"
want 200
field items 0 seq >/dev/null || fail 'views have no number'
grep -q "$training" <<<"$body" || fail 'the view of the school was not logged'
ask auditor GET "/cases/$case"
refused 403 forbidden

step 'A refresh token is good for one refresh; a logout ends the session'
ask nobody POST /auth/refresh "{\"refresh_token\":\"${refresh[worker]}\"}"
want 200
token[worker]=$(field access_token)
ask worker POST /auth/logout
want 204
ask worker GET /me
refused 401 unauthenticated

step "The walk did what the text says: centre $centre, case $case"
