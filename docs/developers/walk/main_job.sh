# shellcheck shell=bash
# The main job: a person, a case, referrals to partners, and the two figures. Sets unit, person and case.

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
    for number in $(python3 -IS -c 'import json,sys; print(*(r["number"] for r in json.load(sys.stdin)["items"]))' <<<"$body"); do
        ask supervisor GET "/statistics/releases/$number"
        want 200
        printf '%s\n' "$body"
    done
}

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
    python3 -IS -c '
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
