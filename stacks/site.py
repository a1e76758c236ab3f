"""What the visitor meets: CloudFront before the bucket of published pages and the HTTP API (us-east-1)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from lambdas.core.creator import Creator
from lambdas.core.feature import Feature
from lambdas.platform.storage import PRECOMPRESSED_SUFFIXES, distribution_parameter, media_key_parameter
from lambdas.web import edge
from stacks.constructs.live import PEM_PATTERN
from stacks.findings import accept

# The zone that every CloudFront distribution's name is in, the same for all of AWS.
_CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
_HERE = Path(__file__).parent


MEDIA_SIGNING_KEY = "MediaSigningKey"


def guards_media(features: tuple[Feature[Any], ...]) -> bool:
    """Whether the media bucket has something that not everyone may see."""
    return any(feature.name == "videos" for feature in features)


def site_bucket_name(creator_id: str) -> str:
    """The name in AWS, the same from every stack and region: prism-kasper-site-<account>."""
    return f"prism-{creator_id}-site-{cdk.Aws.ACCOUNT_ID}"


@dataclass(frozen=True, kw_only=True)
class MediaOrigin:
    """The bucket of people's pictures, which is not of this stack nor of this region."""

    bucket: str
    region: str


class SiteStack(cdk.Stack):
    """The bucket, the distribution, and in a later pass the certificate and DNS.

    The first pass runs the site on its cloudfront.net name. Once the domain's zone is delegated, the
    deploy passes `HostedZoneId` and `DomainReady=yes`: a certificate waited for before that would hang.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        creator: Creator,
        features: tuple[Feature[Any], ...],
        api_domain: str,
        media: MediaOrigin,
        env: cdk.Environment,
    ) -> None:
        super().__init__(scope, name, env=env, description=f"PRISM {creator.id}: site, CloudFront, certificate, DNS")
        self._creator = creator
        self._bucket = self._site_bucket()
        distribution = self._distribution(features, api_domain, media)
        self._own_domain(distribution)
        self._tell_the_worker(distribution)
        cdk.CfnOutput(self, "DistributionId", value=distribution.distribution_id)
        cdk.CfnOutput(self, "DistributionDomain", value=distribution.distribution_domain_name)
        cdk.CfnOutput(self, "SiteBucket", value=self._bucket.bucket_name)

    def _site_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "site",
            bucket_name=site_bucket_name(self._creator.id),
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=cdk.Duration.days(30),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                )
            ],
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        accept(
            bucket,
            S1="Only CloudFront and two functions read this bucket, and all in it is public. A second bucket of access "
            "logs would hold nothing that an investigation needs.",
        )
        return bucket

    def _distribution(
        self, features: tuple[Feature[Any], ...], api_domain: str, media: MediaOrigin
    ) -> cloudfront.Distribution:
        headers = self._security_headers(features)
        api = origins.HttpOrigin(
            api_domain,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers={edge.ORIGIN_SECRET_HEADER: self._origin_secret()},
        )
        uncached = cloudfront.BehaviorOptions(
            origin=api,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            # It also adds the viewer's address; Host must be left out for API Gateway.
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=headers,
            compress=False,
            function_associations=[self._viewer_function("viewer-host", viewer_host_code())],
        )
        fallback = self._for_the_fallback()
        from_the_bucket: Any = {
            "origin": origins.OriginGroup(
                primary_origin=self._media_origin(media), fallback_origin=api, fallback_status_codes=[403, 404]
            ),
            "allowed_methods": cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            "cache_policy": self._kept("media", default=cdk.Duration.days(365)),
            "origin_request_policy": fallback,
            "response_headers_policy": headers,
            "compress": False,
        }
        stored = {edge.MEDIA_PATHS: cloudfront.BehaviorOptions(**from_the_bucket)}
        if guards_media(features):
            # Who has no cookies of ours is told so by CloudFront, before it looks among its copies.
            stored[edge.GUARDED_PATHS] = cloudfront.BehaviorOptions(
                **from_the_bucket, trusted_key_groups=[self._key_group()]
            )
        distribution = cloudfront.Distribution(
            self,
            "distribution",
            comment=f"PRISM {self._creator.id}",
            default_behavior=cloudfront.BehaviorOptions(
                # What the bucket does not have, the API answers in the right language. (Custom error
                # responses would also replace the API's own errors.)
                origin=origins.OriginGroup(
                    primary_origin=origins.S3BucketOrigin.with_origin_access_control(self._bucket),
                    fallback_origin=api,
                    fallback_status_codes=[403, 404],
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                cache_policy=self._kept("site", default=cdk.Duration.seconds(0)),
                origin_request_policy=fallback,
                response_headers_policy=headers,
                # Texts lie in the bucket compressed already, better than CloudFront would do it.
                compress=False,
                function_associations=[self._viewer_function("viewer-request", viewer_request_code())],
            ),
            additional_behaviors={
                **dict.fromkeys(edge.uncached_paths(features), uncached),
                **stored,
            },
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            price_class=_price_class(self._creator),
            web_acl_id=self._firewall() if self._creator.cloud.waf else None,
        )
        accept(
            distribution,
            CFR1="A creator's audience is the world; countries are refused where a feature's rules ask for it.",
            CFR2="WAF costs about $6 a month while idle, so it is the creator's choice (cloud.waf). Without it the "
            "functions limit every person and address, and stage throttling bounds the whole.",
            CFR3="Access logs hold every visitor's address. None are kept by default: what is counted is counted "
            "without them, and the HTTP API has its own log.",
            CFR4="Only until the domain is ready: the cloudfront.net name comes with CloudFront's own certificate and "
            "minimum. With the domain, the condition DomainIsReady sets TLSv1.2_2021.",
        )
        return distribution

    def _viewer_function(self, name: str, code: str) -> cloudfront.FunctionAssociation:
        return cloudfront.FunctionAssociation(
            event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
            function=cloudfront.Function(
                self,
                name,
                function_name=f"prism-{self._creator.id}-{name}",
                code=cloudfront.FunctionCode.from_inline(code),
                runtime=cloudfront.FunctionRuntime.JS_2_0,
            ),
        )

    def _media_origin(self, media: MediaOrigin) -> cloudfront.IOrigin:
        """The bucket of the data stack, whose own policy lets this account's distributions read what is public in it."""
        bucket = s3.Bucket.from_bucket_attributes(self, "media", bucket_name=media.bucket, region=media.region)
        signing = cloudfront.S3OriginAccessControl(
            self, "media-access", origin_access_control_name=f"prism-{self._creator.id}-media"
        )
        return origins.S3BucketOrigin.with_bucket_defaults(
            bucket, origin_access_control_id=signing.origin_access_control_id
        )

    def _key_group(self) -> cloudfront.KeyGroup:
        """Whose signature on a cookie counts. The API finds the key's id by name: its stack is made before this one."""
        public = cdk.CfnParameter(
            self,
            MEDIA_SIGNING_KEY,
            type="String",
            allowed_pattern=PEM_PATTERN,
            description="The public half of the key that signs the cookies of gated videos, PEM (lambdas/platform/keys.py)",
        )
        key = cloudfront.PublicKey(
            self,
            "media-key",
            public_key_name=f"prism-{self._creator.id}-media",
            encoded_key=public.value_as_string,
        )
        ssm.StringParameter(
            self,
            "which-media-key",
            parameter_name=media_key_parameter(self._creator.id),
            string_value=key.public_key_id,
            description="The id by which signed cookies name the key that CloudFront verifies them with",
        )
        return cloudfront.KeyGroup(self, "media-keys", key_group_name=f"prism-{self._creator.id}-media", items=[key])

    def _tell_the_worker(self, distribution: cloudfront.Distribution) -> None:
        """Which distribution it is, where the worker finds it by name: the API's stack is made before this one."""
        ssm.StringParameter(
            self,
            "which-distribution",
            parameter_name=distribution_parameter(self._creator.id),
            string_value=distribution.distribution_id,
            description="The distribution whose copies the worker has forgotten when it publishes",
        )

    def _kept(self, name: str, *, default: cdk.Duration) -> cloudfront.CachePolicy:
        """As long as each object says, or else `default`; neither cookies nor queries make another copy."""
        return cloudfront.CachePolicy(
            self,
            f"{name}-cache",
            cache_policy_name=f"prism-{self._creator.id}-{name}",
            min_ttl=cdk.Duration.seconds(0),
            default_ttl=default,
            max_ttl=cdk.Duration.days(365),
            enable_accept_encoding_brotli=False,
            enable_accept_encoding_gzip=False,
        )

    def _for_the_fallback(self) -> cloudfront.OriginRequestPolicy:
        return cloudfront.OriginRequestPolicy(
            self,
            "fallback",
            origin_request_policy_name=f"prism-{self._creator.id}-fallback",
            header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(edge.VIEWER_ADDRESS_HEADER),
            cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
            query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.none(),
        )

    def _security_headers(self, features: tuple[Feature[Any], ...]) -> cloudfront.ResponseHeadersPolicy:
        behaviour, custom = _header_behaviour(edge.security_headers(edge.media_origins(self._creator, features)))
        return cloudfront.ResponseHeadersPolicy(
            self,
            "security-headers",
            response_headers_policy_name=f"prism-{self._creator.id}-security",
            security_headers_behavior=behaviour,
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                    for name, value in custom.items()
                ]
            ),
        )

    def _origin_secret(self) -> str:
        return cdk.CfnParameter(
            self,
            "OriginSecret",
            type="String",
            no_echo=True,
            min_length=32,
            description="What CloudFront says to the API to be let in (lambdas/platform/keys.py)",
        ).value_as_string

    def _own_domain(self, distribution: cloudfront.Distribution) -> None:
        zone = cdk.CfnParameter(
            self, "HostedZoneId", type="String", default="", description="The domain's zone in Route 53, once it exists"
        )
        ready = cdk.CfnParameter(
            self,
            "DomainReady",
            type="String",
            default="no",
            allowed_values=["no", "yes"],
            description="Whether the domain's name servers are the zone's: only then can a certificate be issued",
        )
        condition = cdk.CfnCondition(
            self,
            "DomainIsReady",
            expression=cdk.Fn.condition_and(
                cdk.Fn.condition_equals(ready.value_as_string, "yes"),
                cdk.Fn.condition_not(cdk.Fn.condition_equals(zone.value_as_string, "")),
            ),
        )
        domain = self._creator.domain
        certificate = acm.CfnCertificate(
            self,
            "certificate",
            domain_name=domain,
            validation_method="DNS",
            domain_validation_options=[
                acm.CfnCertificate.DomainValidationOptionProperty(
                    domain_name=domain, hosted_zone_id=zone.value_as_string
                )
            ],
        )
        certificate.cfn_options.condition = condition
        plain = distribution.node.default_child
        assert isinstance(plain, cloudfront.CfnDistribution)
        plain.add_property_override(
            "DistributionConfig.Aliases", {"Fn::If": [condition.logical_id, [domain], {"Ref": "AWS::NoValue"}]}
        )
        own = {
            "AcmCertificateArn": {"Ref": self.get_logical_id(certificate)},
            "MinimumProtocolVersion": "TLSv1.2_2021",
            "SslSupportMethod": "sni-only",
        }
        plain.add_property_override(
            "DistributionConfig.ViewerCertificate",
            {"Fn::If": [condition.logical_id, own, {"CloudFrontDefaultCertificate": True}]},
        )
        for kind in ("A", "AAAA"):
            record = route53.CfnRecordSet(
                self,
                f"address-{kind}",
                name=f"{domain}.",
                type=kind,
                hosted_zone_id=zone.value_as_string,
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=distribution.distribution_domain_name, hosted_zone_id=_CLOUDFRONT_ZONE
                ),
            )
            record.cfn_options.condition = condition

    def _firewall(self) -> str:
        """AWS's common rules and known bad inputs, and a ceiling an address: the ARN of the web ACL."""

        def managed(name: str, priority: int, *, counted: tuple[str, ...] = ()) -> waf.CfnWebACL.RuleProperty:
            return waf.CfnWebACL.RuleProperty(
                name=name,
                priority=priority,
                override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                statement=waf.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS",
                        name=name,
                        rule_action_overrides=[
                            waf.CfnWebACL.RuleActionOverrideProperty(
                                name=rule, action_to_use=waf.CfnWebACL.RuleActionProperty(count={})
                            )
                            for rule in counted
                        ]
                        or None,
                    )
                ),
                visibility_config=_counted(name),
            )

        return waf.CfnWebACL(
            self,
            "firewall",
            name=f"prism-{self._creator.id}",
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_counted("all"),
            rules=[
                # It would stop every body over 8 kB, and take a picture's bytes for a script now and then. How large a
                # body may be, and what may be in it, each route says and checks.
                managed(
                    "AWSManagedRulesCommonRuleSet", 1, counted=("SizeRestrictions_BODY", "CrossSiteScripting_BODY")
                ),
                managed("AWSManagedRulesKnownBadInputsRuleSet", 2),
                waf.CfnWebACL.RuleProperty(
                    name="one-address",
                    priority=3,
                    action=waf.CfnWebACL.RuleActionProperty(block={}),
                    statement=waf.CfnWebACL.StatementProperty(
                        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                            aggregate_key_type="IP", limit=2000, evaluation_window_sec=300
                        )
                    ),
                    visibility_config=_counted("one-address"),
                ),
            ],
        ).attr_arn


def viewer_request_code() -> str:
    """The JavaScript that chooses the object, with the kinds that are stored compressed filled in."""
    code = (_HERE / "viewer_request.js").read_text()
    return code.replace('["$PRECOMPRESSED_SUFFIXES"]', json.dumps(PRECOMPRESSED_SUFFIXES))


def viewer_host_code() -> str:
    """The JavaScript that tells the API the name asked for."""
    return (_HERE / "viewer_host.js").read_text().replace("$VIEWER_HOST_HEADER", edge.VIEWER_HOST_HEADER)


def _header_behaviour(
    headers: Mapping[str, str],
) -> tuple[cloudfront.ResponseSecurityHeadersBehavior, dict[str, str]]:
    """CloudFront has fields for the common security headers and refuses those as custom ones: (fields, the rest)."""
    rest = dict(headers)
    transport = dict(part.partition("=")[::2] for part in rest.pop("strict-transport-security").split("; "))
    behaviour = cloudfront.ResponseSecurityHeadersBehavior(
        content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
            content_security_policy=rest.pop("content-security-policy"), override=True
        ),
        content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
        frame_options=cloudfront.ResponseHeadersFrameOptions(
            frame_option=cloudfront.HeadersFrameOption[rest.pop("x-frame-options")], override=True
        ),
        referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
            referrer_policy=cloudfront.HeadersReferrerPolicy[rest.pop("referrer-policy").upper().replace("-", "_")],
            override=True,
        ),
        strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
            access_control_max_age=cdk.Duration.seconds(int(transport["max-age"])),
            include_subdomains="includeSubDomains" in transport,
            preload="preload" in transport,
            override=True,
        ),
    )
    if rest.pop("x-content-type-options") != "nosniff":
        raise ValueError("CloudFront knows no other value of x-content-type-options than nosniff")
    return behaviour, rest


def _price_class(creator: Creator) -> cloudfront.PriceClass:
    """The cheapest set of edge locations with the creator's own part of the world in it."""
    near = creator.region.startswith(("us-", "eu-"))
    return cloudfront.PriceClass.PRICE_CLASS_100 if near else cloudfront.PriceClass.PRICE_CLASS_200


def _counted(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
