-- More parts than the declaration expects: a term breaks down what the first numerator term does not, or two periods match.
select *
from {{ ref('indicator_value') }}
where status_reason = 'part_ambiguous'
