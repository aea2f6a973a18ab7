from tests.chart.rendering import documents, named


def rule_files(*sets):
    return set(named(documents("default", sets=sets), "ConfigMap", "oims-prometheus-rules")["data"])


def test_the_charts_own_rules_can_be_replaced():
    own = {"app.yml", "automation.yml", "monitoring.yml", "webhook.yml"}
    assert rule_files() == own
    extra = "prometheus.extraRules.mine.groups[0].name=mine"
    assert rule_files(extra) == own | {"extra-mine.yml"}
    assert rule_files(extra, "prometheus.defaultRules=false") == {"extra-mine.yml"}


def test_a_release_older_than_the_setting_keeps_the_rules():
    assert rule_files("prometheus.defaultRules=null") == rule_files()
