# shellcheck shell=bash
# What every part of the walk uses.

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
fail() {
    printf 'walk.sh: %s\n   status %s\n   body %s\n' "$*" "$status" "$body" >&2
    exit 1
}

# json PATH... < document: one value out of a JSON document.
json() {
    python3 -IS -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name)] if isinstance(value, list) else value[name]
print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))' "$@"
}
field() { json "$@" <<<"$body"; }
new_key() { python3 -IS -c 'import uuid; print(uuid.uuid4())'; }
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
    python3 -IS -c '
import json, sys
account = next(a for a in json.load(open(sys.argv[1])) if a["username"] == sys.argv[2])
print(json.dumps({"username": account["username"], "password": account["password"]}))' "$data/accounts.json" "$1"
}
first_of() { # the first account of a role, of which the name starts so
    python3 -IS -c '
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
# change WHO RECORD STEP BODY: a step with a record as it stands
change() {
    ask "$1" GET "$2"
    want 200
    ask "$1" POST "$2/$3" "$4" -H "If-Match: $(etag)"
}
# take WHO VERB [BODY]: a step of the recipient with the referral
take() {
    change "$1" "/referrals/$referral" "$2" "${3-"{}"}"
    want 200
}

# newcomer NAME CATEGORY SERVICE: somebody with a case in support who needs this service; sets person and case
newcomer() {
    local to path=(screened receiving_support)
    [ "$2" != possible_victim ] || path=(screened under_verification confirmed receiving_support)
    ask worker POST /persons "{\"name\":\"$1\",\"sex\":\"female\",\"birth\":{\"precision\":\"year\",\"year\":1998},\"residence_unit_code\":\"$unit\",\"categories\":[\"$2\"]}"
    want 201
    person=$(field id)
    ask worker POST /cases "{\"person_id\":\"$person\",\"unit_code\":\"$unit\",\"category\":\"$2\",\"received_on\":\"$today\"}"
    want 201
    case=$(field id)
    for to in "${path[@]}"; do
        ask worker POST "/cases/$case/status" "{\"to\":\"$to\",\"occurred_on\":\"$today\"}" -H "If-Match: $(etag)"
        want 200
    done
    ask worker POST "/cases/$case/assessments" "{\"assessed_on\":\"$today\",\"needs\":[{\"service_type\":\"$3\",\"in_need\":true,\"eligible\":true}]}"
    want 201
}
