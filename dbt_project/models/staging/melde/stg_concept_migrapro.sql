-- MIGRAPRO, the method of most German cities: the country of reference is the first of first citizenship, second citizenship,
-- state of birth and state of origin that is not German; what is missing is skipped. Who is under 18 and has no background of
-- his or her own takes it from a parent in the household. Resettlers and the naturalised belong to it although their register
-- entry may name no other country any more.
with

persons as (
    select * from {{ ref('stg_concept_melde_wup') }}
)

select
    *,
    case
        when citizenship_1 <> '000' then 'foreign'
        when german_citizenship_kind = 'resettler' then 'german_resettler'
        when second_citizenship <> '000' or german_citizenship_kind = 'naturalised'
            then 'german_naturalised_or_second_citizenship'
        when birth_state <> '000' or origin_state <> '000' then 'german_born_abroad_or_arrived'
        when age_years < 18 and has_parent_with_background_migrapro then 'child_of_migration_household'
        else 'none'
    end as migrapro,
    case
        when own_reference_country is not null then own_reference_country
        when german_citizenship_kind in ('naturalised', 'resettler') then null
        when age_years < 18 then reference_country_of_parents
    end as reference_country
from persons
