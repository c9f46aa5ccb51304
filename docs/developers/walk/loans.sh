# shellcheck shell=bash
# A loan, from the application to the last payment.

step 'A loan is applied for on a referral that the lender accepted'
ask worker GET "/loan-products?on=$today"
want 200
newcomer 'Đinh Thị Vay Vốn' at_risk loan
refer loan "$lender"
apply() { # apply AMOUNT
    ask worker POST /loans "{\"referral_id\":\"$referral\",\"product\":\"job_creation\",\"borrower\":\"individual\",\"amount_dong\":$1,\"term_months\":10,\"plan\":\"equal_principal\",\"frequency\":\"monthly\",\"purpose\":\"services\",\"plan_text\":\"Mở tiệm may nhỏ.\",\"applied_on\":\"$today\"}"
}
apply 20000000
refused 409 referral_not_begun
take lender accept
take lender start
apply 900000000 # more than the product lends
refused 422 invalid
same "$(field errors 0 field)" amount_dong 'field error'
apply 20000000
want 201
loan=$(field id)

step 'The lender decides and pays out, without case, person or category'
part="{\"disbursed_on\":\"$today\",\"amount_dong\":20000000}"
change lender "/loans/$loan" disbursements "$part"
refused 409 illegal_transition
ask lender GET "/loans/$loan"
want 200
grep -q "$case\|$person\|at_risk" <<<"$body" && fail 'the lender learns case, person or category'
change lender "/loans/$loan" appraise '{}'
want 200
change lender "/loans/$loan" approve "{\"decided_on\":\"$today\",\"amount_dong\":20000000,\"term_months\":10}"
want 200
change lender "/loans/$loan" disbursements "$part"
want 200
same "$(field status)" disbursed 'status of the loan'
ask worker GET "/deliveries?case_id=$case"
want 200
same "$(field items 0 service_type) $(field items 0 amount_dong)" 'loan 20000000' 'the delivery that the money made'

step 'What is paid back is replayed; what settles it is computed'
repay() { ask lender POST "/loans/$loan/repayments" "{\"repaid_on\":\"$today\",\"amount_dong\":$1}"; }
repay 2000000
want 200
same "$(field outstanding_dong)" 18000000 'principal outstanding'
repay 0
refused 422 invalid
ask lender GET "/loans/$loan/schedule"
want 200
say "next: $(field instalments 0 due_on)"
ask lender GET "/loans/$loan/settlement?on=$today"
want 200
repay "$(field total_dong)"
want 200
same "$(field status)" settled 'status of the loan'
repay 1
refused 409 nothing_left
