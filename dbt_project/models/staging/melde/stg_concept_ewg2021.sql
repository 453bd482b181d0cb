-- EWG2021, Einwanderungsgeschichte: immigrated since 1950 oneself, or both parents did. One parent is a class of its own and
-- not counted. The register shows parents only where they live in the same household. Where it does not show both, or not where
-- they were born, nobody can say: not determinable, which is not none.
with

persons as (
    select * from {{ ref('stg_concept_migrapro') }}
)

select
    *,
    case
        when is_immigrated then 'immigrated'
        when birth_state is null then 'not_determinable'
        when parents_in_household < 2 then 'not_determinable'
        when immigrated_parents = 2 then 'both_parents'
        when parents_of_known_birth < 2 then 'not_determinable'
        when immigrated_parents = 1 then 'one_parent'
        else 'none'
    end as ewg2021
from persons
