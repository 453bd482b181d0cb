-- Residents with what their household says about them. Only who lives there as a child has parents in the household.
with

residents as (
    select * from {{ ref('stg_register_resident') }}
),

households as (
    select * from {{ ref('stg_register_household') }}
)

select
    residents.period,
    residents.reference_date,
    residents.pseudonym,
    residents.quartier,
    residents.sex,
    residents.age_months,
    residents.age_years,
    residents.citizenship_1,
    residents.second_citizenship,
    residents.german_citizenship_kind,
    residents.birth_state,
    residents.origin_state,
    residents.arrival_date,
    residents.is_born_abroad,
    residents.is_immigrated,
    residents.own_reference_country,
    residents.household,
    residents.household_role,
    households.household_type,
    case when residents.household_role = 'child' then households.parents else 0 end as parents_in_household,
    residents.household_role = 'child' and households.has_parent_born_abroad as has_parent_born_abroad,
    residents.household_role = 'child' and households.has_parent_with_background_melde_wup
        as has_parent_with_background_melde_wup,
    residents.household_role = 'child' and households.has_parent_with_background_migrapro
        as has_parent_with_background_migrapro,
    case when residents.household_role = 'child' then households.reference_country_of_parents end
        as reference_country_of_parents,
    case when residents.household_role = 'child' then households.immigrated_parents else 0 end as immigrated_parents,
    case when residents.household_role = 'child' then households.parents_of_known_birth else 0 end as parents_of_known_birth,
    residents._delivery_id,
    residents._row
from residents
inner join households on residents.period = households.period and residents.household = households.household
