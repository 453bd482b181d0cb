-- Households of the residents: who lives in them, and what the parents of their children bring along. The parents of a child are
-- the head of its household and the partner of the head; parents who live elsewhere cannot be seen.
with

residents as (
    select * from {{ ref('stg_register_resident') }}
),

households as (
    select
        period,
        household,
        count(*) as persons,
        count(*) filter (household_role in ('head', 'partner')) as parents,
        count(*) filter (household_role = 'child') as children,
        count(*) filter (household_role = 'child' and age_years < 18) as minors,
        coalesce(bool_or(is_born_abroad) filter (household_role in ('head', 'partner')), false) as has_parent_born_abroad,
        coalesce(
            bool_or(has_background_melde_wup) filter (household_role in ('head', 'partner')), false
        ) as has_parent_with_background_melde_wup,
        coalesce(
            bool_or(
                own_reference_country is not null or german_citizenship_kind in ('naturalised', 'resettler')
            ) filter (household_role in ('head', 'partner')), false
        ) as has_parent_with_background_migrapro,
        coalesce(
            max(own_reference_country) filter (household_role = 'head'),
            max(own_reference_country) filter (household_role = 'partner')
        ) as reference_country_of_parents,
        count(*) filter (household_role in ('head', 'partner') and is_immigrated) as immigrated_parents,
        count(is_born_abroad) filter (household_role in ('head', 'partner')) as parents_of_known_birth
    from residents
    group by period, household
)

select
    *,
    case
        when persons = 1 then 'single'
        when persons = 2 and parents = 2 then 'couple'
        -- grown-up children may live there too, but nobody else
        when minors > 0 and parents = 2 and parents + children = persons then 'couple_with_children'
        when minors > 0 and parents = 1 and parents + children = persons then 'lone_parent'
        else 'other'
    end as household_type
from households
