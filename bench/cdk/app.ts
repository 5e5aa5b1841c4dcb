// A CDK app of 66 resources of the kinds that SageKeep makes, for bench/synth.py: what `cdk synth` takes in TypeScript.
import { App, Stack, aws_ec2 as ec2, aws_iam as iam, aws_kms as kms, aws_lambda as lambda, aws_logs as logs, aws_s3 as s3 } from 'aws-cdk-lib';

const app = new App();

const network = new Stack(app, 'network');
const vpc = new ec2.Vpc(network, 'vpc', {
  maxAzs: 2,
  subnetConfiguration: [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
});
vpc.addGatewayEndpoint('s3', { service: ec2.GatewayVpcEndpointAwsService.S3 });
for (const name of ['sagemaker.api', 'sagemaker.runtime', 'ecr.api', 'ecr.dkr', 'logs', 'sts', 'kms', 'monitoring', 'events']) {
  vpc.addInterfaceEndpoint(name, { service: new ec2.InterfaceVpcEndpointAwsService(name) });
}

const storage = new Stack(app, 'storage');
const keys = ['data', 'logs', 'studio', 'state'].map((name) => new kms.Key(storage, `${name}-key`, { enableKeyRotation: true, alias: name }));
for (const name of ['data', 'access-logs', 'state', 'state-logs']) {
  new s3.Bucket(storage, name, { encryptionKey: keys[0], enforceSSL: true, versioned: true, blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL });
}

const functions = new Stack(app, 'functions');
for (const name of ['manager', 'reader', 'seed', 'sweeper']) {
  new lambda.Function(functions, name, {
    runtime: lambda.Runtime.PYTHON_3_12,
    handler: 'index.handler',
    code: lambda.Code.fromInline('def handler(event, context): return {}'),
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    logGroup: new logs.LogGroup(functions, `${name}-logs`, { encryptionKey: keys[1] }),
  });
}
for (const name of ['job', 'pipeline', 'studio', 'flow-logs']) {
  const role = new iam.Role(functions, `${name}-role`, { assumedBy: new iam.ServicePrincipal('sagemaker.amazonaws.com') });
  keys[0].grantEncryptDecrypt(role);
}
