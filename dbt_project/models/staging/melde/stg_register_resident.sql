-- Residents with main or sole residence, and what the register says about each of them alone.
-- The keys 997 (stateless), 998 (unclear) and 999 (not stated) name no state: as first citizenship they are not German, anywhere
-- else they say nothing.
with

register as (
    select * from {{ ref('stg_register_stock') }}
    where residence = 'main'
),

known as (
    select
        *,
        date_diff('month', birth_month, reference_date) as age_months,
        case
            when citizenship_2 < '997' then citizenship_2
            when citizenship_3 < '997' then citizenship_3
        end as second_citizenship,
        case when birth_state < '997' then birth_state end as known_birth_state,
        case when origin_state < '997' then origin_state end as known_origin_state
    from register
)

select
    period,
    reference_date,
    pseudonym,
    quartier,
    sex,
    age_months,
    age_months // 12 as age_years,
    citizenship_1,
    second_citizenship,
    german_citizenship_kind,
    known_birth_state as birth_state,
    known_origin_state as origin_state,
    arrival_date,
    -- null where the state of birth is missing
    known_birth_state <> '000' as is_born_abroad,
    -- the register knows the arrival in the city, which is never before the arrival in the country
    known_birth_state <> '000' and coalesce(arrival_date >= date '1950-01-01', true) as is_immigrated,
    -- classes 1, 2 and 4 of MELDE_WUP: what a person has of his or her own and can pass on
    citizenship_1 <> '000'
    or coalesce(second_citizenship <> '000', false)
    or coalesce(known_birth_state <> '000', false)
    or coalesce(german_citizenship_kind in ('naturalised', 'resettler'), false) as has_background_melde_wup,
    -- MIGRAPRO: the first of the four that is not German
    case
        when citizenship_1 <> '000' then citizenship_1
        when second_citizenship <> '000' then second_citizenship
        when known_birth_state <> '000' then known_birth_state
        when known_origin_state <> '000' then known_origin_state
    end as own_reference_country,
    household,
    household_role,
    _delivery_id,
    _row
from known
