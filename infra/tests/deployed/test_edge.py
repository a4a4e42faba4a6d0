"""What faces people, read from the account; figures are typed here, from the design."""

import pytest

PORTS = {"frontend": 3000, "backend": 8000}


@pytest.fixture(scope="module")
def balancer(aws, name):
    return aws("elbv2").describe_load_balancers(Names=[name])["LoadBalancers"][0]


@pytest.fixture(scope="module")
def listeners(aws, balancer):
    found = aws("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
    return {each["Port"]: each for each in found["Listeners"]}


@pytest.fixture(scope="module")
def targets(aws, name):
    found = aws("elbv2").describe_target_groups()["TargetGroups"]
    return {each["TargetGroupName"].removeprefix(f"{name}-"): each for each in found}


@pytest.fixture(scope="module")
def distribution(aws, environment):
    found = aws("cloudfront").list_distributions()["DistributionList"].get("Items", [])
    if environment == "development":
        assert found == []
        pytest.skip("development has no CloudFront")
    (one,) = found
    return aws("cloudfront").get_distribution_config(Id=one["Id"])["DistributionConfig"]


def settings(aws, kind, arn):
    call = {
        "balancer": lambda: aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn),
        "target": lambda: aws("elbv2").describe_target_group_attributes(TargetGroupArn=arn),
    }[kind]()
    return {each["Key"]: each["Value"] for each in call["Attributes"]}


def test_the_load_balancer_faces_the_internet_by_ipv4_in_two_zones(balancer):
    assert balancer["Type"] == "application"
    # Without a scheme a load balancer faces the internet; the emulator then tells none.
    assert balancer.get("Scheme", "internet-facing") == "internet-facing"
    assert balancer["IpAddressType"] == "ipv4"
    assert len({each["ZoneName"] for each in balancer["AvailabilityZones"]}) == 2


def test_it_logs_every_access_and_is_protected(aws, balancer, environment):
    found = settings(aws, "balancer", balancer["LoadBalancerArn"])
    assert found["access_logs.s3.enabled"] == "true"
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["deletion_protection.enabled"] == str(environment != "development").lower()
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_http_only_redirects_to_https(listeners):
    assert set(listeners) == {80, 443}
    (action,) = listeners[80]["DefaultActions"]
    assert action["Type"] == "redirect"
    assert action["RedirectConfig"]["Protocol"] == "HTTPS"
    assert action["RedirectConfig"]["Port"] == "443"
    assert action["RedirectConfig"]["StatusCode"] == "HTTP_301"


def test_https_takes_tls_1_2_at_least(listeners):
    assert listeners[443]["Protocol"] == "HTTPS"
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert listeners[443]["Certificates"][0]["CertificateArn"].startswith("arn:aws:acm:")


def test_target_groups_are_3000_and_8000(targets):
    assert {part: each["Port"] for part, each in targets.items()} == PORTS
    assert {each["TargetType"] for each in targets.values()} == {"ip"}


@pytest.mark.parametrize("part", PORTS)
def test_health_is_asked_as_designed(targets, part):
    group = targets[part]
    assert group["HealthCheckPath"] == "/health"
    assert group["HealthCheckIntervalSeconds"] == 30
    assert group["HealthCheckTimeoutSeconds"] == 5
    assert group["HealthyThresholdCount"] == 2
    assert group["UnhealthyThresholdCount"] == 3


@pytest.mark.parametrize("part", PORTS)
def test_people_stay_on_a_task_and_requests_go_round(aws, targets, part):
    found = settings(aws, "target", targets[part]["TargetGroupArn"])
    assert found["stickiness.enabled"] == "true"
    assert found["stickiness.type"] == "lb_cookie"
    assert found["load_balancing.algorithm.type"] == "round_robin"


def test_the_api_goes_to_the_backend_and_the_rest_to_the_frontend(aws, listeners, targets):
    arn = listeners[443]["ListenerArn"]
    reached = {}
    for rule in aws("elbv2").describe_rules(ListenerArn=arn)["Rules"]:
        for condition in rule["Conditions"]:
            for path in condition.get("PathPatternConfig", {}).get("Values", []):
                reached[path] = rule["Actions"][0].get("TargetGroupArn")
    backend = targets["backend"]["TargetGroupArn"]
    assert {path for path, target in reached.items() if target == backend} == {
        "/health",
        "/v1/*",
        "/ready",
        "/openapi.json",
        "/docs",
        "/docs/*",
    }
    assert "/metrics" not in reached


def behaviors(distribution):
    found = {each["PathPattern"]: each for each in distribution["CacheBehaviors"]["Items"]}
    return {**found, "*": distribution["DefaultCacheBehavior"]}


def test_cloudfront_takes_https_with_tls_1_2_from_its_viewers(distribution):
    assert distribution["Enabled"]
    assert distribution["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    policies = {each["ViewerProtocolPolicy"] for each in behaviors(distribution).values()}
    assert policies == {"redirect-to-https", "https-only"}


def test_assets_are_cached_and_come_from_the_closed_bucket(aws, distribution, name):
    origins = {each["Id"]: each for each in distribution["Origins"]["Items"]}
    assert origins["assets"]["DomainName"].startswith(f"{name}-assets-")
    control = origins["assets"]["OriginAccessControlId"]
    kept = aws("cloudfront").get_origin_access_control(Id=control)["OriginAccessControl"]
    assert kept["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    # "CachingOptimized", by the id that AWS publishes.
    assets = behaviors(distribution)["/assets/*"]
    assert assets["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert assets["Compress"] is True


def test_the_api_is_on_the_same_origin_and_streams_pass(distribution):
    api = behaviors(distribution)["/v1/*"]
    assert api["TargetOriginId"] == behaviors(distribution)["*"]["TargetOriginId"] == "application"
    # "CachingDisabled"; without compression nothing is gathered.
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert api["Compress"] is False
    assert set(api["AllowedMethods"]["Items"]) >= {"GET", "POST", "PUT", "PATCH", "DELETE"}
