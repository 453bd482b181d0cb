-- Numerator and denominator of different populations are refused unless the fact sheet gives the reason (mixed_base).
select *
from {{ ref('indicator_value') }}
where status_reason = 'incompatible_base'
