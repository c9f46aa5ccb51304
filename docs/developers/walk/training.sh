# shellcheck shell=bash
# From the referral to a course, and from the course to work.

step 'Training: the school offers a course in words of the catalogue'
offer() { # offer TRADE: a course that begins today
    local end
    end=$(python3 -IS -c 'import datetime, sys; print(datetime.date.fromisoformat(sys.argv[1]) + datetime.timedelta(60))' "$today")
    ask school POST /courses "{\"trade\":\"$1\",\"level\":\"under_three_months\",\"starts_on\":\"$today\",\"ends_on\":\"$end\",\"venue\":\"Xưởng may minh họa\",\"unit_code\":\"$unit\",\"places\":20,\"fee_dong\":2400000}"
}
ask worker GET /training/catalogue
want 200
offer no_such_trade
refused 422 invalid
same "$(field errors 0 field)" trade 'field error'
offer sewing
want 201
course=$(field id)
ask worker GET "/courses?unit_code=$unit&trade=sewing&has_places=true&limit=200"
want 200
grep -q "$course" <<<"$body" || fail 'the worker does not find the course'

step 'The school accepts and enrols, not before'
newcomer 'Đinh Thị Học Nghề' person_selling_sex vocational_training
refer vocational_training "$school"
enrolling="{\"referral_id\":\"$referral\",\"course_id\":\"$course\"}"
ask school POST /enrolments "$enrolling"
refused 409 referral_not_begun
take school accept
ask school POST /enrolments "$enrolling"
want 201
enrolment=$(field id)
grep -q "$case\|$person\|person_selling_sex" <<<"$body" && fail 'the school learns case, person id or category'

step 'A day of attendance is recorded in one go'
sheet=/courses/$course/attendance/$today
marks="{\"rows\":[{\"enrolment_id\":\"$enrolment\",\"mark\":\"present\"}]}"
ask school GET "$sheet"
want 200
same "$(etag)" '"0"' 'version of a sheet on which nothing is recorded'
ask school PUT "$sheet" "$marks" -H 'If-Match: "0"'
want 200
ask school PUT "$sheet" "$marks" -H 'If-Match: "0"'
refused 412 version_stale

step 'Work is recorded once the course is completed; the referral ends with it'
job="{\"kind\":\"employed\",\"in_trade\":true,\"started_on\":\"$today\"}"
ask worker PUT "/enrolments/$enrolment/job" "$job" -H 'If-Match: "0"'
refused 409 course_not_completed
change school "/enrolments/$enrolment" complete "{\"completed_on\":\"$today\",\"outcome\":\"achieved\"}"
want 200
same "$(field status)" completed 'status of the enrolment'
ask school PUT "/enrolments/$enrolment/certificate" "{\"number\":\"MH-01\",\"issued_on\":\"$today\"}" -H "If-Match: $(etag)"
want 200
ask worker GET "/referrals/$referral"
want 200
same "$(field status)" completed 'status of the referral'

step 'The centre grants aid once, records work and asks after three months'
aid="{\"aid_group\":\"near_poor\",\"paid_on\":\"$today\",\"distance_km\":18,\"difficult_area\":false,\"had_other_state_aid\":false}"
ask worker POST "/enrolments/$enrolment/aid" "$aid"
want 201
total=$(field total_dong)
ask worker POST "/enrolments/$enrolment/aid" "$aid"
refused 409 training_aid_used
ask worker GET "/deliveries?case_id=$case"
want 200
grep -q "\"amount_dong\":$total\b" <<<"$body" || fail 'the aid is no delivery'
say "$total đồng, computed"
ask worker PUT "/enrolments/$enrolment/job" "$job" -H 'If-Match: "0"'
want 200
ask worker PUT "/enrolments/$enrolment/job/check-ups/3" "{\"checked_on\":\"$today\",\"finding\":\"in_work\"}" -H 'If-Match: "0"'
refused 422 invalid
ask worker GET "/cases/$case/livelihood"
want 200
same "$(field training 0 job kind)" employed 'work at the end of the way'
