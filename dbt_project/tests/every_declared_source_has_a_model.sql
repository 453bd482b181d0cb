-- A source that is declared in YAML but unknown here would be left out in silence.
-- Mend with `python -m warehouse.catalogue.staging`.
{% set known = [] %}
{% for node in graph.sources.values() if node.source_name == 'raw' %}
    {% do known.append(node.name) %}
{% endfor %}
select source_id
from {{ source('catalogue', 'source') }}
where source_id not in ('{{ known | join("', '") }}')
