-- MELDE_WUP, the concept of the city. Published: a resident has a migration background who
--   1. has a non-German first citizenship, or
--   2. has a second citizenship beside the German one, or
--   3. acquired German citizenship later (resettlers, naturalised), or
--   4. was born abroad, or
--   5. is under 18 and lives in a household with at least one parent with a migration background.
-- The classes are those of the split published for 31.12.2018, in its order; the first match wins. A parent's background is the
-- one of classes 1, 2 and 4: one pass, a child does not pass it on.
with

persons as (
    select * from {{ ref('stg_concept_staat') }}
)

select
    *,
    case
        when citizenship_1 <> '000' then 'foreign'
        when second_citizenship is not null and second_citizenship <> '000' then 'german_second_citizenship'
        when has_parent_born_abroad then 'german_parent_born_abroad'
        when is_born_abroad or german_citizenship_kind in ('naturalised', 'resettler') then 'german_born_abroad_or_naturalised'
        when age_years < 18 and has_parent_with_background_melde_wup then 'child_of_migration_household'
        else 'none'
    end as melde_wup
from persons
