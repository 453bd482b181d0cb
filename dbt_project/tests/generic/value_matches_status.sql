{#- A status that says "no value" and a value exclude each other. -#}
{% test value_matches_status(model) %}
select checked.*
from {{ model }} as checked
inner join {{ ref('obs_status_code') }} as statuses on checked.obs_status = statuses.code
where (checked.value is not null) <> statuses.has_value
{% endtest %}
