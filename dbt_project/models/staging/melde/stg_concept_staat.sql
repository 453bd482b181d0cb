-- STAAT: not German in the sense of Art. 116 GG. Stateless, unclear and not stated included; dual nationals are German.
with

persons as (
    select * from {{ ref('stg_register_person') }}
)

select
    *,
    case when citizenship_1 = '000' then 'german' else 'foreign' end as staat
from persons
