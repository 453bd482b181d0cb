{{ config(alias='indicator_term_code') }}

with

terms as (
    select * from {{ source('catalogue', 'indicator_term_code') }}
)

select
    indicator_id,
    role,
    term_no,
    dimension,
    code
from terms
order by indicator_id, role, term_no, dimension, code
