"""One file for each AWS service with a gap."""

from .autoscaling import ApplicationAutoScaling
from .backup import Backup
from .budgets import Budgets
from .cloudfront import CloudFront
from .cloudtrail import CloudTrail
from .codebuild import CodeBuild
from .codepipeline import CodePipeline
from .connections import Connections
from .ec2 import Ec2
from .ecs import Ecs
from .elasticache import ElastiCache
from .functions import Functions
from .logs import Logs
from .rds import Rds
from .route53 import Route53
from .s3 import S3

SERVICES = (
    ApplicationAutoScaling,
    Backup,
    Budgets,
    CloudFront,
    CloudTrail,
    CodeBuild,
    CodePipeline,
    Connections,
    Ec2,
    Ecs,
    ElastiCache,
    Functions,
    Logs,
    Rds,
    Route53,
    S3,
)
"""Every service that completes moto."""
